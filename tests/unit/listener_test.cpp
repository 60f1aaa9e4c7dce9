#include <kodama/core/listener.hpp>

#include <chrono>

#include <support/catch.hpp>

using namespace std::chrono_literals;
using kodama::Listener;
using kodama::TimePoint;
using Step = kodama::ListenerStep;

namespace {

constexpr std::uint32_t reserve = 10;
constexpr std::uint32_t plenty = reserve + 1;
constexpr TimePoint start{};

Step next(Listener const& listener, std::uint32_t free_places = plenty, bool multishot = true) {
    return listener.next_step(free_places, reserve, multishot);
}

void arm(Listener& listener, bool many = true) {
    REQUIRE(next(listener, plenty, many) == (many ? Step::accept_many : Step::accept_one));
    listener.accept_submitted(many);
    REQUIRE(next(listener, plenty, many) == Step::none);
}

} // namespace

TEST_CASE("listener: idle --accept submitted--> accepting") {
    Listener listener(42);
    CHECK(listener.descriptor() == 42);
    CHECK(next(listener) == Step::accept_many);
    listener.accept_submitted(true);
    CHECK(next(listener) == Step::none);
    CHECK_FALSE(listener.closed());
}

TEST_CASE("listener: accepting --ended--> idle") {
    Listener listener(0);
    arm(listener);
    listener.accepted();
    CHECK(next(listener) == Step::none);
    listener.accept_ended();
    CHECK(next(listener) == Step::accept_many);
}

TEST_CASE("listener: accepting --cancel submitted--> cancelling --ended--> idle") {
    Listener listener(0);
    arm(listener);
    CHECK(next(listener, reserve) == Step::cancel);
    listener.cancel_submitted();
    CHECK(next(listener, reserve) == Step::none);
    SECTION("the accept ends first") {
        listener.accept_ended();
        listener.cancel_ended(false);
    }
    SECTION("the cancellation ends first") {
        listener.cancel_ended(false);
        listener.accept_ended();
    }
    CHECK(next(listener, reserve) == Step::accept_one);
    CHECK(next(listener) == Step::accept_many);
}

TEST_CASE("listener: a cancellation that missed is asked for again") {
    Listener listener(0);
    arm(listener);
    listener.cancel_submitted();
    listener.cancel_ended(false);
    CHECK(next(listener, reserve) == Step::cancel);
}

TEST_CASE("listener: an accept that is running is not cancelled again, until it goes on") {
    Listener listener(0);
    arm(listener);
    listener.cancel_submitted();
    listener.cancel_ended(true);
    CHECK(next(listener, reserve) == Step::none);
    SECTION("it ends") {
        listener.accept_ended();
        CHECK(next(listener, reserve) == Step::accept_one);
    }
    SECTION("it brings a connection and goes on") {
        listener.accepted();
        CHECK(next(listener, reserve) == Step::cancel);
    }
}

TEST_CASE("listener: a connection that comes while cancelling changes nothing") {
    Listener listener(0);
    arm(listener);
    listener.cancel_submitted();
    listener.accepted();
    CHECK(next(listener, reserve) == Step::none);
}

TEST_CASE("listener: accepting --descriptors ran out--> paused --time over, place free--> idle") {
    Listener listener(0);
    arm(listener);
    listener.accept_ended();
    CHECK_FALSE(listener.paused());
    CHECK(listener.paused_until() == kodama::never);
    CHECK(listener.pause(start));
    CHECK(listener.paused());
    CHECK(next(listener) == Step::none);
    listener.resume();
    CHECK_FALSE(listener.paused());
    CHECK(listener.paused_until() == kodama::never);
    CHECK(next(listener, 0) == Step::none);
    CHECK(next(listener) == Step::accept_many);
}

TEST_CASE("listener: cancelling --descriptors ran out--> paused") {
    Listener listener(0);
    arm(listener);
    listener.cancel_submitted();
    listener.accept_ended();
    CHECK(listener.pause(start));
    listener.cancel_ended(false);
    CHECK(next(listener) == Step::none);
    listener.resume();
    CHECK(next(listener) == Step::accept_many);
}

TEST_CASE("listener: idle --stop()--> stopped --> closing --> closed") {
    Listener listener(0);
    listener.stop();
    CHECK(next(listener) == Step::close);
    CHECK_FALSE(listener.closed());
    listener.close_submitted();
    CHECK(next(listener) == Step::none);
    CHECK_FALSE(listener.closed());
    listener.close_ended();
    CHECK(next(listener) == Step::none);
    CHECK(listener.closed());
}

TEST_CASE("listener: accepting --stop()--> cancelling --ended--> stopped --> closing") {
    bool const many = GENERATE(true, false);
    Listener listener(0);
    arm(listener, many);
    listener.stop();
    CHECK(next(listener) == Step::cancel);
    listener.cancel_submitted();
    CHECK(next(listener) == Step::none);
    SECTION("the accept ends first") {
        listener.accept_ended();
        CHECK(next(listener) == Step::none);
        listener.cancel_ended(false);
    }
    SECTION("the cancellation ends first, so it is asked for again") {
        listener.cancel_ended(false);
        CHECK(next(listener) == Step::cancel);
        listener.cancel_submitted();
        listener.accept_ended();
        CHECK(next(listener) == Step::none);
        listener.cancel_ended(false);
    }
    CHECK(next(listener) == Step::close);
}

TEST_CASE("listener: paused --stop()--> stopped") {
    Listener listener(0);
    CHECK(listener.pause(start));
    listener.stop();
    CHECK_FALSE(listener.paused());
    CHECK(next(listener) == Step::close);
}

TEST_CASE("listener: nothing is accepted once it is stopped") {
    std::uint32_t const free_places = GENERATE(0u, 1u, plenty, 1000u);
    bool const multishot = GENERATE(true, false);
    Listener listener(0);
    listener.stop();
    CHECK(next(listener, free_places, multishot) == Step::close);
    listener.stop();
    CHECK(next(listener, free_places, multishot) == Step::close);
    listener.close_submitted();
    CHECK(next(listener, free_places, multishot) == Step::none);
    listener.resume();
    CHECK(next(listener, free_places, multishot) == Step::none);
}

TEST_CASE("listener: descriptors that run out after stop() do not hold back the close") {
    Listener listener(0);
    arm(listener);
    listener.stop();
    listener.cancel_submitted();
    listener.accept_ended();
    listener.pause(start);
    listener.cancel_ended(false);
    CHECK(next(listener) == Step::close);
}

TEST_CASE("listener: many are accepted at once only while more places are free than may come") {
    Listener const listener(0);
    CHECK(listener.next_step(plenty, reserve, true) == Step::accept_many);
    CHECK(listener.next_step(reserve, reserve, true) == Step::accept_one);
    CHECK(listener.next_step(1, reserve, true) == Step::accept_one);
    CHECK(listener.next_step(0, reserve, true) == Step::none);
    CHECK(listener.next_step(1, 0, true) == Step::accept_many);
    CHECK(listener.next_step(0, 0, true) == Step::none);
}

TEST_CASE("listener: without multishot connections are accepted one at a time") {
    Listener const listener(0);
    CHECK(next(listener, plenty, false) == Step::accept_one);
    CHECK(next(listener, 1, false) == Step::accept_one);
    CHECK(next(listener, 0, false) == Step::none);
}

TEST_CASE("listener: a single accept is not cancelled because places got scarce or plenty") {
    Listener listener(0);
    listener.accept_submitted(false);
    CHECK(next(listener, 0) == Step::none);
    CHECK(next(listener, 1) == Step::none);
    CHECK(next(listener, plenty) == Step::none);
}

TEST_CASE("listener: idle --drain()--> emptying: one more accept, cancelled at once") {
    Listener listener(0);
    listener.drain();
    CHECK_FALSE(listener.open());
    CHECK(next(listener) == Step::accept_many);
    listener.accept_submitted(true);
    CHECK(next(listener) == Step::cancel);
    listener.cancel_submitted();
    SECTION("a connection was queued, and so another may be") {
        listener.accepted();
        CHECK(next(listener) == Step::none);
        listener.accept_ended();
        listener.cancel_ended(false);
        CHECK(next(listener) == Step::accept_many);
    }
    SECTION("nothing was queued") {
        listener.accept_ended();
        listener.accept_cancelled();
        CHECK(next(listener) == Step::none);
        listener.cancel_ended(false);
        CHECK(next(listener) == Step::close);
    }
}

TEST_CASE("listener: accepting --drain()--> emptying: the cancelled old accept proves nothing") {
    Listener listener(0);
    arm(listener);
    listener.drain();
    CHECK(next(listener) == Step::cancel);
    listener.cancel_submitted();
    listener.accept_ended();
    listener.accept_cancelled();
    listener.cancel_ended(false);
    CHECK(next(listener, 1) == Step::accept_one);
}

TEST_CASE("listener: emptying waits for a place") {
    Listener listener(0);
    listener.drain();
    CHECK(next(listener, 0) == Step::none);
    CHECK(next(listener, 1) == Step::accept_one);
    listener.stop();
    CHECK(next(listener, 0) == Step::close);
}
