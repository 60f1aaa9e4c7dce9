// When a connection stops being read because its peer does not read, and goes on.
#include <kodama/core/connection_state.hpp>

#include <support/catch.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;

TEST_CASE("backpressure: reading stops at max_pending and goes on below it") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending - 1);
    machine.expect(Step::send);
    machine.expect_nothing();
    machine.queue("x");
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
    machine.cancelled();
    machine.expect_nothing();
    machine.state.sent(1);
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.expect_nothing();
}

TEST_CASE("backpressure: reading goes on while the kernel is asked to take what is unsent") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue(Machine::max_pending);
    machine.expect(Step::send);
    machine.expect_nothing();
    SECTION("until the peer turns out not to read") {
        machine.state.sent(0);
        machine.state.block();
        machine.expect(Step::send);
        machine.expect(Step::cancel_receive);
    }
    SECTION("and it is armed again meanwhile") {
        machine.state.receive_ended();
        machine.expect(Step::receive);
    }
}

TEST_CASE("backpressure: a receive that ended by itself is not armed at max_pending") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.receive_ended();
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending);
    machine.expect(Step::send);
    machine.expect_nothing();
    machine.state.sent(Machine::max_pending);
    machine.expect(Step::receive);
}

TEST_CASE("backpressure: a last call waits for room as well") {
    Machine machine;
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending);
    machine.state.drain();
    machine.expect(Step::send);
    machine.expect_nothing();
    machine.state.sent(Machine::max_pending);
    machine.expect(Step::receive_rest);
}

TEST_CASE("backpressure: who has filled the queue again takes what has arrived, once") {
    Machine machine;
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending);
    machine.state.read_once();
    machine.expect(Step::send);
    machine.expect(Step::receive_rest);
    machine.expect_nothing();
    SECTION("and no more than that") {
        machine.state.receive_ended();
        machine.expect_nothing();
    }
    SECTION("where nothing has, it goes on") {
        machine.state.receive_ended();
        machine.state.nothing_left();
        CHECK(machine.state.input() == Machine::Input::reading);
        machine.expect_nothing();
    }
    SECTION("which is no last call, if that comes meanwhile") {
        machine.state.drain();
        machine.state.receive_ended();
        machine.state.nothing_left();
        CHECK(machine.state.input() == Machine::Input::last_call);
        machine.state.sent(Machine::max_pending);
        machine.expect(Step::receive_rest);
    }
}

TEST_CASE("backpressure: one that is read is not read once more") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.read_once();
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending);
    machine.expect(Step::send);
    machine.expect(Step::cancel_receive);
    machine.cancelled();
    machine.expect_nothing();
}

TEST_CASE("backpressure: what is discarded needs no room") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue_for_a_peer_that_does_not_read(Machine::max_pending);
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::send);
    machine.expect_nothing();
    machine.state.receive_ended();
    machine.expect(Step::receive);
}
