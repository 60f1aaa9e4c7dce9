// When a connection is over, and what is in flight.
#include <kodama/core/connection_state.hpp>

#include <support/catch.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;
using Input = Machine::Input;
using Output = Machine::Output;

TEST_CASE("over: input ended, output finishing, all sent --> close without a FIN of its own") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue("answer");
    machine.expect(Step::send);
    machine.receive_fin();
    machine.state.finish(CloseReason::peer_finished);
    machine.expect_nothing();
    machine.state.sent(6);
    machine.expect_closed(CloseReason::peer_finished);
}

TEST_CASE("over: input ended, output finished --> close") {
    Machine machine;
    machine.expect(Step::receive);
    machine.finish();
    machine.receive_fin();
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("over: output broken --> what is in flight is cancelled and joined --> close") {
    Machine machine;
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.state.abort(CloseReason::session_aborted);
    machine.expect(Step::reset);
    machine.expect(Step::cancel_receive);
    machine.expect(Step::cancel_send);
    machine.expect_nothing();
    machine.state.reset_ended();
    machine.expect_nothing();
    machine.state.cancel_receive_ended(false);
    machine.expect(Step::cancel_receive); // It is still armed.
    machine.state.receive_ended();
    machine.expect_nothing();
    machine.state.cancel_receive_ended(false);
    machine.expect_nothing();
    machine.state.sent(0);
    machine.expect_nothing();
    machine.state.cancel_send_ended(false);
    CHECK_FALSE(machine.state.in_flight());
    machine.expect_closed(CloseReason::session_aborted);
}

TEST_CASE("over: a connection is not over while it may still send") {
    Machine machine;
    machine.expect(Step::receive);
    machine.receive_fin();
    machine.expect_nothing();
    CHECK_FALSE(machine.state.closing());
    CHECK(machine.state.may_send());
    machine.state.finish(CloseReason::session_closed);
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("over: abort() while a send is in flight waits for it") {
    Machine machine;
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.state.park();
    machine.state.abort(CloseReason::evicted);
    machine.expect(Step::reset);
    machine.expect(Step::cancel_send);
    machine.state.reset_ended();
    machine.state.cancel_send_ended(false);
    // The cancellation has missed: the memory is the kernel's until the send has ended.
    machine.expect(Step::cancel_send);
    CHECK(machine.state.unsent().size() == 5);
    machine.state.sent(2);
    machine.expect_nothing();
    machine.state.cancel_send_ended(false);
    machine.expect_closed(CloseReason::evicted);
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("over: the peer is gone while the connection is parked") {
    Machine machine;
    machine.queue("x");
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.state.receive_ended();
    machine.state.park();
    machine.state.sent(0);
    machine.state.peer_gone(CloseReason::peer_gone);
    machine.expect_closed(CloseReason::peer_gone);
    CHECK_FALSE(machine.state.parked());
}

TEST_CASE("over: the peer is gone while the connection is starved") {
    Machine machine;
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.state.sent(1);
    machine.state.block();
    machine.state.starve();
    machine.lose_peer();
    machine.expect_closed(CloseReason::peer_gone);
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("over: abort() reaches a starved connection and a parked one") {
    Machine machine;
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.state.park();
    machine.state.sent(0);
    machine.state.block();
    machine.state.starve();
    machine.state.abort(CloseReason::evicted);
    machine.expect(Step::reset);
    machine.state.reset_ended();
    machine.expect_closed(CloseReason::evicted);
}

TEST_CASE("over: the first reset is the reason, whatever was to end the connection before") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.close(CloseReason::session_closed);
    machine.state.abort(CloseReason::stopped);
    machine.state.abort(CloseReason::session_failed);
    machine.expect(Step::reset);
    machine.expect(Step::cancel_receive);
    machine.lose_peer();
    machine.state.reset_ended();
    machine.state.cancel_receive_ended(false);
    machine.expect_closed(CloseReason::stopped);
}

TEST_CASE("over: once the slot is given back nothing is asked for any more") {
    Machine machine;
    machine.expect(Step::receive);
    machine.lose_peer();
    machine.expect_closed(CloseReason::peer_gone);
    machine.state.abort(CloseReason::stopped);
    machine.state.drain();
    machine.state.close(CloseReason::session_closed);
    machine.state.finish(CloseReason::session_closed);
    machine.expect_nothing();
    CHECK(machine.state.reason() == CloseReason::peer_gone);
}

TEST_CASE("a half-closed connection that drains gets no more time to answer") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue("answer");
    machine.expect(Step::send);
    machine.receive_fin();
    machine.expect_nothing();
    machine.state.drain();
    CHECK(machine.state.output() == Output::finishing);
    CHECK(machine.state.input() == Input::ended);
    machine.expect_nothing(); // But what it has answered is sent.
    machine.state.sent(6);
    machine.expect_closed(CloseReason::drained);
}

TEST_CASE("a connection that has finished and drains waits for what the peer still sends") {
    Machine machine;
    machine.expect(Step::receive);
    machine.finish();
    machine.state.drain();
    CHECK(machine.state.input() == Input::last_call);
    machine.expect(Step::cancel_receive);
    machine.cancelled();
    machine.expect(Step::receive_rest);
    machine.state.receive_ended();
    machine.state.nothing_left();
    CHECK(machine.state.lingers());
    machine.state.linger_over();
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("a drain changes nothing for a connection that is closing already") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::shut_down);
    machine.state.drain();
    CHECK(machine.state.input() == Input::discarding);
    machine.expect_nothing();
}

TEST_CASE("in flight: a cancelled receive that completes with data first is still joined") {
    Machine machine;
    machine.stop_reading();
    CHECK(machine.state.delivers()); // What was on its way is the session's.
    machine.queue("more");
    machine.expect_nothing();
    machine.state.receive_ended();
    machine.expect_nothing();
    machine.state.sent(Machine::max_pending);
    machine.state.cancel_receive_ended(false);
    machine.expect(Step::send);
    machine.expect(Step::receive);
}

TEST_CASE("in flight: a cancellation that ended with the receive still armed is asked for again") {
    Machine machine;
    machine.stop_reading();
    machine.state.cancel_receive_ended(false);
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
}

TEST_CASE("in flight: a cancellation that ended is not asked for again when there is room now") {
    Machine machine;
    machine.stop_reading();
    machine.state.cancel_receive_ended(false);
    machine.state.sent(Machine::max_pending);
    machine.expect_nothing();
}

TEST_CASE("in flight: no receive is armed before the cancellation of the last one is answered") {
    Machine machine;
    machine.stop_reading();
    machine.state.receive_ended();
    machine.state.sent(Machine::max_pending);
    machine.expect_nothing();
    machine.state.cancel_receive_ended(true);
    machine.expect(Step::receive);
    machine.state.drain();
    machine.expect(Step::cancel_receive); // For it is not the one that was running.
}

TEST_CASE("in flight: the slot is not given back while a cancellation is under way") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.drain();
    machine.expect(Step::cancel_receive);
    machine.receive_fin();
    machine.state.finish(CloseReason::peer_finished);
    CHECK(machine.state.in_flight());
    machine.expect_nothing();
    machine.state.cancel_receive_ended(false);
    machine.expect_closed(CloseReason::peer_finished);
}
