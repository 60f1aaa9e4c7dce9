// The queues, waiting and waking.
#include <cerrno>
#include <chrono>
#include <string>
#include <type_traits>
#include <vector>

#include "ring_fixture.hpp"

using namespace std::chrono_literals;
using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::SendPatience;
using kodama::Token;
using kodama::testing::patience;
using kodama::testing::RingFixture;

TEMPLATE_TEST_CASE("a Ring returns from waiting at the deadline, not before and not never",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto const wait = GENERATE(0ms, 1ms, 30ms);
    auto const start = fixture.ring.now();
    while (fixture.ring.now() < start + wait) // It may return early, for a signal.
        fixture.ring.enter(1, start + wait);
    CHECK(fixture.ring.now() - start < patience);
    CHECK(fixture.ring.visit([](Completion const&) {}) == 0);
}

TEMPLATE_TEST_CASE("a Ring returns at once when the deadline has passed already", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto const start = fixture.ring.now();
    fixture.ring.enter(1, start - 1h);
    fixture.ring.enter(0, start + 1h);
    fixture.ring.enter(0, TestType::TimePoint::max());
    CHECK(fixture.ring.now() - start < patience);
}

TEMPLATE_TEST_CASE("a Ring that waits for several completions brings at the deadline what there is",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    fixture.publish(16);
    std::vector<typename Fixture::Connected> all;
    all.reserve(5);
    for (std::uint32_t i = 0; i < 5; ++i) {
        all.push_back(fixture.connect());
        fixture.receive(all.back().descriptor, fixture.token(Operation::receive, i));
    }
    fixture.turn();
    auto const speak = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            all[i].peer.send("x");
    };
    unsigned heard = 0;
    auto const wait_for_five = [&](std::chrono::nanoseconds wait) {
        auto const deadline = fixture.ring.now() + wait;
        while (heard < 5 && fixture.ring.now() < deadline) { // It may return early.
            fixture.ring.enter(5 - heard, deadline);
            heard += fixture.ring.visit(
                [](Completion const& completion) { CHECK(completion.result == 1); });
        }
        // What was ready at the deadline may be shown by the call after it (Linux 6.1).
        fixture.ring.enter(0, deadline);
        heard += fixture.ring.visit([](Completion const&) {});
    };
    speak(3);
    wait_for_five(5ms);
    CHECK(heard == 3);
    heard = 0;
    auto const start = fixture.ring.now();
    wait_for_five(1ms);
    CHECK(heard == 0);
    CHECK(fixture.ring.now() - start >= 1ms);
}

TEMPLATE_TEST_CASE("a Ring tells what CPU time its thread has used", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto const before = fixture.ring.usage();
    auto const start = fixture.ring.now();
    fixture.ring.enter(1, start + 20ms);
    auto const after = fixture.ring.usage();
    CHECK(after.cpu_time >= before.cpu_time);
    CHECK(after.cpu_time - before.cpu_time <= fixture.ring.now() - start);
    CHECK(after.preemptions >= before.preemptions);
}

TEMPLATE_TEST_CASE("a Ring looks for as long as it is told to before it sleeps", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto const looked_for = [&](std::chrono::nanoseconds duration, unsigned wait_for) {
        auto const before = fixture.ring.usage().looking;
        fixture.ring.poll_busily(duration);
        fixture.ring.enter(wait_for, fixture.ring.now() + 50ms);
        return fixture.ring.usage().looking - before;
    };
    CHECK(looked_for(0ms, 1) == 0ns);
    CHECK(looked_for(1ms, 2) == 0ns);
    // The simulated kernel does nothing while nobody enters it, so there is nothing to look at.
    constexpr bool simulated = std::is_same_v<TestType, kodama::simulation::SimulatedRing>;
    CHECK(looked_for(1ms, 1) == (simulated ? 0ms : 1ms));
}

TEMPLATE_TEST_CASE("a Ring submits what is queued before it waits", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    CHECK(fixture.ring.all_submitted());
    Token const cancel = fixture.token(Operation::cancel_send);
    fixture.requests.cancel(fixture.token(Operation::send), cancel);
    CHECK_FALSE(fixture.ring.all_submitted());
    fixture.ring.enter(1, fixture.ring.now() + patience);
    CHECK(fixture.ring.all_submitted());
    fixture.look();
    CHECK(fixture.find(cancel).has_value());
}

TEMPLATE_TEST_CASE("a Ring is woken from another thread while it waits", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const wake = fixture.token(Operation::wake);
    for (int i = 0; i < 20; ++i) {
        fixture.requests.wait_for_wake(wake);
        if (i % 2 == 0) fixture.turn();
        auto other = fixture.world.meanwhile([&] { fixture.ring.wake(); });
        CHECK(fixture.await(wake).result == 8);
        other.join();
    }
}

TEMPLATE_TEST_CASE("a Ring that was woken before it listened is woken then, once", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const wake = fixture.token(Operation::wake);
    fixture.ring.wake();
    fixture.ring.wake();
    fixture.requests.wait_for_wake(wake);
    CHECK(fixture.await(wake).result == 8);
    fixture.requests.wait_for_wake(wake);
    fixture.turn();
    CHECK_FALSE(fixture.find(wake).has_value());
    fixture.ring.wake();
    CHECK(fixture.await(wake).result == 8);
}

TEMPLATE_TEST_CASE("fault_Q1: a Ring loses no entry when more are queued than it has room for",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.entries = 8});
    constexpr std::uint32_t count = 200;
    for (std::uint32_t i = 0; i < count; ++i) {
        fixture.requests.cancel(fixture.token(Operation::send, i),
                                fixture.token(Operation::cancel_send, i));
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        Token const token = fixture.token(Operation::cancel_send, i);
        CHECK(fixture.await(token).result == -ENOENT);
        CHECK_FALSE(fixture.find(token).has_value());
    }
}

TEMPLATE_TEST_CASE("a Ring hands out exactly as many entries as its queue has", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.entries = 8});
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 8; ++i) {
            io_uring_sqe* const entry = fixture.ring.next_entry();
            REQUIRE(entry != nullptr);
            CHECK(entry->opcode == IORING_OP_NOP);
            entry->user_data = fixture.token(Operation::wake, 7).user_data();
        }
        CHECK(fixture.ring.next_entry() == nullptr);
        fixture.ring.submit();
        CHECK(fixture.ring.all_submitted());
    }
    for (int i = 0; i < 24; ++i)
        CHECK(fixture.await(fixture.token(Operation::wake, 7)).result == 0);
}

TEMPLATE_TEST_CASE(
    "fault_Q3: a Ring whose completion queue overflows loses no completion of single requests",
    "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType),
                                  {.entries = 8, .completions = 8});
    constexpr std::uint32_t count = 300;
    for (std::uint32_t i = 0; i < count; ++i) {
        fixture.requests.cancel(fixture.token(Operation::send, i),
                                fixture.token(Operation::cancel_send, i));
    }
    for (std::uint32_t i = 0; i < count; ++i)
        CHECK(fixture.await(fixture.token(Operation::cancel_send, i)).result == -ENOENT);
}

namespace {

// One connection of many whose receives are armed again whenever they end.
template <class Fixture> struct Listening {
    typename Fixture::Connected connected;
    Token token;
    bool armed = false;
    std::string got{};
    std::string expected{};
};

} // namespace

TEMPLATE_TEST_CASE("fault_Q3: a Ring whose completion queue overflows loses no received byte",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType),
                    {.entries = 8, .completions = 8, .buffers = 256});
    std::vector<Listening<Fixture>> all;
    for (std::uint32_t i = 0; i < 40; ++i)
        all.push_back({fixture.connect(), fixture.token(Operation::receive, i)});
    fixture.publish(fixture.pool.free_count());
    auto const arm = [&](Listening<Fixture>& one) {
        bool const many = fixture.features.has(Feature::multishot_receive);
        if (many) {
            fixture.requests.receive_many(one.connected.descriptor, Fixture::group, one.token);
        } else {
            fixture.requests.receive_one(one.connected.descriptor, Fixture::group, one.token);
        }
        one.armed = true;
    };
    for (int round = 0; round < 5; ++round) {
        for (Listening<Fixture>& one : all) {
            std::string const text = one.token.slot() == kodama::Slot{0} ? "zero" : "data";
            one.expected += text + std::to_string(round);
            one.connected.peer.send(text + std::to_string(round));
        }
        fixture.turn_until("all bytes are there", [&] {
            bool done = true;
            for (Listening<Fixture>& one : all) {
                while (auto const completion = fixture.find(one.token)) {
                    REQUIRE(completion->result > 0);
                    one.armed = completion->more();
                    one.got += fixture.bytes_of(*completion);
                }
                if (!one.armed) arm(one);
                done = done && one.got.size() >= one.expected.size();
            }
            fixture.publish(fixture.pool.free_count());
            return done;
        });
    }
    for (Listening<Fixture> const& one : all)
        CHECK(one.got == one.expected);
}

TEMPLATE_TEST_CASE("a Ring keeps the completions of different connections apart", "[contract]",
                   KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType));
    fixture.publish(16);
    std::vector<typename Fixture::Connected> all;
    for (std::uint32_t i = 0; i < 10; ++i) {
        all.push_back(fixture.connect());
        fixture.requests.receive_one(all.back().descriptor, Fixture::group,
                                     fixture.token(Operation::receive, i));
    }
    for (std::uint32_t i = 10; i-- > 0;)
        all[i].peer.send("I am " + std::to_string(i));
    for (std::uint32_t i = 0; i < 10; ++i) {
        Completion const completion = fixture.await(fixture.token(Operation::receive, i));
        CHECK(fixture.bytes_of(completion) == "I am " + std::to_string(i));
    }
}

// Unchecked, because no connection of the library has two sends in flight: only what they are
// written to shows in which order they were worked off.
TEMPLATE_TEST_CASE("a Ring works off a batch of sends in the order of the entries", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    Token const token = fixture.token(Operation::send);
    std::string expected;
    std::vector<std::string> texts;
    for (int i = 0; i < 50; ++i)
        texts.push_back(std::to_string(i) + " ");
    for (std::string const& text : texts) {
        fixture.send(connected.descriptor, text, SendPatience::none, token);
        expected += text;
    }
    for (std::size_t i = 0; i < texts.size(); ++i)
        CHECK(fixture.await(token).result > 0);
    CHECK(connected.peer.receive(expected.size()) == expected);
}
