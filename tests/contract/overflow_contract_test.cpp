// What happens when completions are not read for a while.
#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;

namespace {

constexpr unsigned completions = 8;

} // namespace

TEMPLATE_TEST_CASE("fault_Q3: a Ring ends a multishot receive whose completions overflow, and "
                   "keeps their order",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(
        KODAMA_GENERATE_FEATURES_WITH(TestType, Feature::multishot_receive),
        {.entries = 8, .completions = completions, .buffers = 64});
    if (!fixture.features.has(Feature::multishot_receive)) KODAMA_SKIP("no multishot receive here");
    auto connected = fixture.connect();
    std::string sent;
    std::string got;
    int overflows = 0;
    for (int round = 0; round < 5; ++round) {
        fixture.publish(fixture.pool.free_count());
        Token const token = fixture.token(Operation::receive);
        bool armed = false;
        std::string text;
        for (int i = 0; i < 40; ++i)
            text += std::string(64, static_cast<char>('a' + (i + round) % 26));
        connected.peer.send(text);
        sent += text;
        while (got.size() < sent.size()) {
            if (!armed) fixture.requests.receive_many(connected.descriptor, fixture.group, token);
            armed = true;
            // Without looking, so that the queue is full before everything was brought.
            for (int i = 0; i < 3; ++i)
                fixture.ring.enter(0, fixture.ring.now());
            for (unsigned brought = 0; armed; ++brought) {
                std::optional<Completion> const completion = fixture.find(token);
                if (!completion && got.size() == sent.size()) break;
                Completion const next = completion ? *completion : fixture.await(token);
                REQUIRE(next.result > 0);
                got += fixture.bytes_of(next);
                armed = next.more();
                if (!armed && brought >= completions) ++overflows;
            }
        }
        if (!armed) continue;
        Token const cancel = fixture.token(Operation::cancel_receive);
        fixture.requests.cancel(token, cancel);
        CHECK(fixture.await(token).result == -ECANCELED);
        CHECK(fixture.await(cancel).result == 0);
    }
    CHECK(got == sent);
    CHECK(overflows > 0);
}

TEMPLATE_TEST_CASE("fault_Q3: a Ring whose completions of a multishot accept overflow loses no "
                   "connection",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES_WITH(TestType, Feature::multishot_accept),
                    {.entries = 8, .completions = completions, .direct_descriptors = 64});
    if (!fixture.features.has(Feature::multishot_accept)) KODAMA_SKIP("no multishot accept here");
    constexpr std::size_t count = 40;
    std::vector<typename Fixture::Peer> peers;
    for (std::size_t i = 0; i < count; ++i)
        peers.push_back(fixture.listener.connect());
    Token const token = fixture.token(Operation::accept);
    std::vector<int> accepted;
    bool armed = false;
    while (accepted.size() < count) {
        if (!armed) fixture.requests.accept_many(fixture.listener.descriptor(), token);
        for (int i = 0; i < 3; ++i)
            fixture.ring.enter(0, fixture.ring.now());
        Completion const completion = fixture.await(token);
        REQUIRE(completion.result >= 0);
        accepted.push_back(fixture.own(completion.result));
        armed = completion.more();
    }
    CHECK(std::set<int>(accepted.begin(), accepted.end()).size() == count);
    // In the order in which they came.
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(fixture.ring.peer_address(accepted[i]) == peers[i].address());
        fixture.turn(); // The kernel's ring needs a place among the completions to ask.
    }
}

TEMPLATE_TEST_CASE("fault_Q3: a Ring keeps the order of completions that overflow", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType),
                                  {.entries = 8, .completions = completions});
    constexpr std::uint32_t count = 100;
    for (std::uint32_t i = 1; i <= count; ++i) {
        io_uring_sqe* entry = fixture.ring.next_entry();
        while (entry == nullptr) {
            fixture.ring.submit();
            entry = fixture.ring.next_entry();
        }
        entry->user_data = i; // a nop
    }
    std::vector<std::uint64_t> order;
    auto const deadline = fixture.ring.now() + kodama::testing::patience;
    while (order.size() < count && fixture.ring.now() < deadline) {
        fixture.ring.enter(1, deadline);
        fixture.ring.visit([&](Completion const& one) { order.push_back(one.user_data); });
    }
    REQUIRE(order.size() == count);
    for (std::uint32_t i = 0; i < count; ++i)
        CHECK(order[i] == i + 1);
}

TEMPLATE_TEST_CASE("a Ring waits for as many completions as it is asked for", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    std::vector<typename RingFixture<TestType>::Connected> all;
    fixture.publish(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
        all.push_back(fixture.connect());
        fixture.requests.receive_one(all[i].descriptor, fixture.group,
                                     fixture.token(Operation::receive, i));
    }
    fixture.turn();
    auto other = fixture.world.meanwhile([&] {
        for (auto& one : all)
            one.peer.send("now");
    });
    unsigned seen = 0;
    auto const deadline = fixture.ring.now() + kodama::testing::patience;
    // It may return early, for a signal.
    while (seen < 3 && fixture.ring.now() < deadline) {
        fixture.ring.enter(3 - seen, deadline);
        seen += fixture.ring.visit([](Completion const& one) { CHECK(one.result == 3); });
    }
    CHECK(seen == 3);
    other.join();
}
