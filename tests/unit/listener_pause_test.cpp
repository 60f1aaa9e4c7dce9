// How long a listener pauses when something ran out.
#include <kodama/core/listener.hpp>

#include <chrono>

#include <support/catch.hpp>

using namespace std::chrono_literals;
using kodama::Listener;
using kodama::TimePoint;
using Step = kodama::ListenerStep;

namespace {

constexpr TimePoint start{};

// An accept came back empty-handed, and the listener pauses.
kodama::Duration pause_length(Listener& listener) {
    REQUIRE(listener.pause(start));
    return listener.paused_until() - start;
}

} // namespace

TEST_CASE("listener: a pause doubles from 10 to 500 ms") {
    Listener listener(0);
    for (auto const expected : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 500ms, 500ms}) {
        CHECK(pause_length(listener) == expected);
        listener.resume();
    }
}

TEST_CASE("listener: a connection that came makes the next pause short again") {
    Listener listener(0);
    for (int i = 0; i < 5; ++i) {
        CHECK(listener.pause(start));
        listener.resume();
    }
    listener.accepted();
    CHECK(pause_length(listener) == 10ms);
    listener.resume();
    CHECK(pause_length(listener) == 20ms);
}

TEST_CASE("listener: a pause that is under way is neither begun again nor made longer") {
    Listener listener(0);
    CHECK(listener.pause(start));
    TimePoint const until = listener.paused_until();
    CHECK_FALSE(listener.pause(start + 5ms));
    CHECK(listener.paused_until() == until);
    listener.resume();
    CHECK(pause_length(listener) == 20ms);
}

TEST_CASE("listener: resuming what is not paused changes nothing") {
    Listener listener(0);
    listener.resume();
    CHECK(listener.next_step(11, 10, true) == Step::accept_many);
}
