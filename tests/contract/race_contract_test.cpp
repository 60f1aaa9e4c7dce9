// What happens at the same time: cancellations against what they cancel, ends against data.
#include <cerrno>
#include <string>
#include <vector>

#include "ring_fixture.hpp"
#include "streams.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::SendPatience;
using kodama::Token;
using kodama::testing::RingFixture;
using kodama::testing::Streams;

namespace {

// Cancels until the target has ended, as a cancellation may find it where it cannot be held up;
// returns the target's results. Each cancellation is answered exactly once, and the target has
// exactly one end.
template <class Fixture>
std::vector<Completion> cancel_and_collect(Fixture& fixture, Token target, Token cancel) {
    std::vector<Completion> seen;
    for (;;) {
        fixture.requests.cancel(target, cancel);
        int const answer = fixture.await(cancel).result;
        CHECK((answer == 0 || answer == -ENOENT || answer == -EALREADY));
        CHECK_FALSE(fixture.find(cancel).has_value());
        bool ended = false;
        while (auto const completion = fixture.find(target)) {
            CHECK_FALSE(ended);
            seen.push_back(*completion);
            ended = !completion->more();
        }
        if (ended) return seen;
        if (answer == -ENOENT) continue; // It was on its way back to where it waits.
        do
            seen.push_back(fixture.await(target));
        while (seen.back().more());
        return seen;
    }
}

template <class Fixture> void check_nothing_more(Fixture& fixture, Token token) {
    fixture.turn();
    CHECK_FALSE(fixture.find(token).has_value());
}

} // namespace

TEMPLATE_TEST_CASE("fault_L2: a Ring ends a cancelled receive once, with or without the data that "
                   "comes at the same time",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const many = GENERATE(false, true) && fixture.features.has(Feature::multishot_receive);
    auto connected = fixture.connect();
    Token const cancel = fixture.token(Operation::cancel_receive);
    std::string sent;
    std::string got;
    for (std::uint32_t i = 0; i < 50; ++i) {
        fixture.publish(fixture.pool.free_count());
        Token const token = fixture.token(Operation::receive, i);
        if (many) {
            fixture.requests.receive_many(connected.descriptor, fixture.group, token);
        } else {
            fixture.requests.receive_one(connected.descriptor, fixture.group, token);
        }
        fixture.turn();
        std::string const text = std::to_string(i) + ";";
        sent += text;
        auto other = fixture.world.meanwhile([&] { connected.peer.send(text); });
        for (Completion const& completion : cancel_and_collect(fixture, token, cancel)) {
            CHECK((completion.result > 0 || completion.result == -ECANCELED));
            got += fixture.bytes_of(completion);
        }
        check_nothing_more(fixture, token);
        other.join();
    }
    connected.peer.finish();
    Token const rest = fixture.token(Operation::receive, 1000);
    while (got.size() < sent.size()) {
        fixture.publish(fixture.pool.free_count());
        fixture.requests.receive_one(connected.descriptor, fixture.group, rest);
        Completion const completion = fixture.await(rest);
        REQUIRE(completion.result > 0);
        got += fixture.bytes_of(completion);
    }
    CHECK(got == sent);
}

TEMPLATE_TEST_CASE("fault_L2: a Ring loses no connection that comes while an accept is cancelled",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const many = GENERATE(false, true) && fixture.features.has(Feature::multishot_accept);
    Token const cancel = fixture.token(Operation::cancel_accept);
    for (std::uint32_t i = 0; i < 20; ++i) {
        Token const accept = fixture.token(Operation::accept, i);
        if (many) {
            fixture.requests.accept_many(fixture.listener.descriptor(), accept);
        } else {
            fixture.requests.accept_one(fixture.listener.descriptor(), accept);
        }
        fixture.turn();
        std::vector<typename Fixture::Peer> peers;
        auto other = fixture.world.meanwhile([&] { peers.push_back(fixture.listener.connect()); });
        std::vector<int> accepted;
        for (Completion const& completion : cancel_and_collect(fixture, accept, cancel)) {
            CHECK((completion.result >= 0 || completion.result == -ECANCELED));
            if (completion.result >= 0) accepted.push_back(fixture.own(completion.result));
        }
        check_nothing_more(fixture, accept);
        other.join();
        if (accepted.empty()) { // Then it waits for the next one.
            fixture.requests.accept_one(fixture.listener.descriptor(), accept);
            accepted.push_back(fixture.own(fixture.await(accept).result));
        }
        REQUIRE(accepted.size() == 1);
        CHECK(fixture.ring.peer_address(accepted[0]) == peers[0].address());
        Token const close = fixture.token(Operation::close);
        fixture.close(accepted[0], close);
        CHECK(fixture.await(close).result == 0);
    }
}

TEMPLATE_TEST_CASE("fault_S6: a Ring tells of a cancelled send exactly what went", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    for (std::uint32_t i = 0; i < 10; ++i) {
        auto connected = fixture.connect();
        std::size_t total = fixture.fill(connected.descriptor);
        Token const token = fixture.token(Operation::send, i);
        Token const cancel = fixture.token(Operation::cancel_send, i);
        Token const shut_down = fixture.token(Operation::shut_down);
        fixture.send(connected.descriptor, "perhaps", SendPatience::patient, token);
        fixture.turn();
        std::string got;
        auto other = fixture.world.meanwhile([&] { got = connected.peer.receive_arrived(); });
        auto const completions = cancel_and_collect(fixture, token, cancel);
        other.join();
        REQUIRE(completions.size() == 1);
        int const result = completions[0].result;
        CHECK(((result > 0 && result <= 7) || result == -ECANCELED));
        if (result > 0) total += static_cast<std::size_t>(result);
        fixture.requests.shut_down(connected.descriptor, shut_down);
        CHECK(fixture.await(shut_down).result == 0);
        got += connected.peer.receive(total + 100);
        CHECK(got.size() == total);
    }
}

TEMPLATE_TEST_CASE("a Ring answers each of two cancellations of one request", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(1);
    Token const token = fixture.token(Operation::receive);
    Token const first = fixture.token(Operation::cancel_receive, 1);
    Token const second = fixture.token(Operation::cancel_receive, 2);
    fixture.receive(connected.descriptor, token);
    fixture.turn();
    fixture.requests.cancel(token, first);
    fixture.requests.cancel(token, second);
    CHECK(fixture.await(first).result == 0);
    int const result = fixture.await(second).result;
    // The kernel may still find what the first has only told to end.
    CHECK((result == 0 || result == -ENOENT || result == -EALREADY));
    CHECK(fixture.await(token).result == -ECANCELED);
    check_nothing_more(fixture, token);
}

TEMPLATE_TEST_CASE("fault_R5: a Ring hears data and FIN that come together, every time",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    for (int round = 0; round < 50; ++round) {
        Streams streams(fixture, 1);
        auto& stream = streams[0];
        streams.work();
        if (round % 2 == 0) fixture.turn();
        stream.sent = std::string(static_cast<std::size_t>(1 + round * 3), 'z');
        auto other =
            fixture.world.meanwhile([&] { stream.connected.peer.send_and_finish(stream.sent); });
        streams.work_until("the FIN is heard", [&] { return stream.ended; });
        other.join();
        CHECK(stream.end == 0);
        CHECK(stream.got == stream.sent);
        CHECK(stream.starved == 0);
        Token const close = fixture.token(Operation::close);
        fixture.close(stream.connected.descriptor, close);
        CHECK(fixture.await(close).result == 0);
        check_nothing_more(fixture, stream.token);
    }
}

TEMPLATE_TEST_CASE("fault_R8: a Ring hears a reset that comes with data, every time", "[contract]",
                   KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    for (int round = 0; round < 50; ++round) {
        Streams streams(fixture, 1);
        auto& stream = streams[0];
        streams.work();
        if (round % 2 == 0) fixture.turn();
        stream.sent = std::string(static_cast<std::size_t>(1 + round * 3), 'z');
        auto other = fixture.world.meanwhile([&] {
            stream.connected.peer.send(stream.sent);
            stream.connected.peer.reset();
        });
        streams.work_until("the reset is heard", [&] { return stream.ended; });
        other.join();
        CHECK(stream.end == -ECONNRESET);
        CHECK(stream.got == stream.sent); // What arrived before the reset can be read.
        Token const close = fixture.token(Operation::close);
        fixture.close(stream.connected.descriptor, close);
        CHECK(fixture.await(close).result == 0);
        check_nothing_more(fixture, stream.token);
    }
}

TEMPLATE_TEST_CASE("a Ring ends what is armed on connections that it resets, each exactly once",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    Streams streams(fixture, 10);
    streams.work();
    fixture.turn();
    auto other = fixture.world.meanwhile([&] {
        for (auto& stream : streams)
            stream.connected.peer.send("too late or not");
    });
    for (std::uint32_t i = 0; i < 10; ++i)
        fixture.requests.reset(streams[i].connected.descriptor, fixture.token(Operation::reset, i));
    for (std::uint32_t i = 0; i < 10; ++i)
        CHECK(fixture.await(fixture.token(Operation::reset, i)).result == 0);
    streams.work_until("all have ended", [&] {
        return std::all_of(streams.begin(), streams.end(), [](auto& s) { return s.ended; });
    });
    for (auto& stream : streams) {
        CHECK((stream.end == -ECONNRESET || stream.end == -ENOTCONN));
        check_nothing_more(fixture, stream.token);
    }
    try {
        other.join();
    } catch (std::runtime_error const&) { // A peer may have found out first.
    }
}
