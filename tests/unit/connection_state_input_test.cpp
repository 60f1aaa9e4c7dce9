// The input of the diagram at the head of ConnectionState.
#include <support/catch.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;
using Input = Machine::Input;
using Output = Machine::Output;

TEST_CASE("a new connection reads, may send and has nothing in flight") {
    Machine machine;
    CHECK(machine.state.input() == Input::reading);
    CHECK(machine.state.output() == Output::open);
    CHECK(machine.state.delivers());
    CHECK(machine.state.may_send());
    CHECK_FALSE(machine.state.broken());
    CHECK_FALSE(machine.state.blocked());
    CHECK_FALSE(machine.state.starved());
    CHECK_FALSE(machine.state.parked());
    CHECK_FALSE(machine.state.lingers());
    CHECK_FALSE(machine.state.closing());
    CHECK_FALSE(machine.state.in_flight());
    machine.expect(Step::receive);
    CHECK(machine.state.receiving());
    CHECK(machine.state.in_flight());
    machine.expect_nothing();
}

TEST_CASE("input: reading --close()--> discarding") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.close(CloseReason::session_closed);
    CHECK(machine.state.input() == Input::discarding);
    CHECK(machine.state.output() == Output::finishing);
    CHECK_FALSE(machine.state.delivers());
    CHECK_FALSE(machine.state.may_send());
    machine.expect(Step::shut_down);
    machine.expect_nothing(); // The receive that is armed goes on, for what is discarded.
    machine.state.receive_ended();
    machine.expect(Step::receive);
}

TEST_CASE("input: reading --drain()--> last_call") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.drain();
    CHECK(machine.state.input() == Input::last_call);
    CHECK(machine.state.delivers());
    CHECK(machine.state.may_send());
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
    machine.cancelled();
    machine.expect(Step::receive_rest);
}

TEST_CASE("input: reading --drain()--> last_call --nothing left--> discarding") {
    Machine machine;
    machine.state.drain();
    machine.expect(Step::receive_rest);
    machine.state.receive_ended();
    machine.state.nothing_left();
    CHECK(machine.state.input() == Input::discarding);
    CHECK(machine.state.output() == Output::finishing);
    machine.expect(Step::shut_down);
    machine.expect(Step::receive);
    machine.state.shut_down_ended();
    machine.receive_fin();
    machine.expect_closed(CloseReason::drained);
}

TEST_CASE("input: last_call goes on as long as there is data") {
    Machine machine;
    machine.state.drain();
    for (int i = 0; i < 3; ++i) {
        machine.expect(Step::receive_rest);
        machine.state.receive_ended();
        CHECK(machine.state.input() == Input::last_call);
    }
}

TEST_CASE("input: what arrived before a drain is answered before the FIN") {
    Machine machine;
    machine.state.drain();
    machine.expect(Step::receive_rest);
    machine.state.receive_ended();
    machine.queue("answer");
    machine.expect(Step::send);
    machine.expect(Step::receive_rest);
    machine.state.receive_ended();
    machine.state.nothing_left();
    machine.expect(Step::receive);
    machine.expect_nothing();
    machine.state.sent(6);
    machine.expect(Step::shut_down);
}

TEST_CASE("input: a receive that looks for the rest is not cancelled, for it does not wait") {
    Machine machine;
    machine.state.drain();
    machine.expect(Step::receive_rest);
    machine.expect_nothing();
}

TEST_CASE("input: last_call --close()--> discarding") {
    Machine machine;
    machine.state.drain();
    machine.state.close(CloseReason::session_closed);
    CHECK(machine.state.input() == Input::discarding);
    machine.expect(Step::shut_down);
    machine.expect(Step::receive);
    CHECK(machine.state.reason() == CloseReason::session_closed);
}

TEST_CASE("input: last_call --FIN--> ended") {
    Machine machine;
    machine.state.drain();
    machine.expect(Step::receive_rest);
    machine.receive_fin();
    CHECK(machine.state.input() == Input::ended);
    CHECK(machine.state.output() == Output::open);
    machine.state.drain(); // as the worker does when a FIN arrives while it drains
    machine.expect_closed(CloseReason::drained);
}

TEST_CASE("input: discarding --FIN--> ended") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::shut_down);
    machine.receive_fin();
    CHECK(machine.state.input() == Input::ended);
    machine.expect_nothing(); // Our own FIN is under way.
    machine.state.shut_down_ended();
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("input: discarding --linger over--> ended") {
    Machine machine;
    machine.state.close(CloseReason::session_closed);
    CHECK_FALSE(machine.state.lingers());
    machine.expect(Step::shut_down);
    CHECK_FALSE(machine.state.lingers());
    machine.state.shut_down_ended();
    CHECK(machine.state.lingers());
    machine.state.linger_over();
    CHECK(machine.state.input() == Input::ended);
    CHECK_FALSE(machine.state.lingers());
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("input: discarding --linger over--> ended with an armed receive, which is cancelled") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::shut_down);
    machine.state.shut_down_ended();
    machine.state.linger_over();
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
    SECTION("the receive ends first") {
        machine.state.receive_ended();
        machine.expect_nothing();
        machine.state.cancel_receive_ended(false);
    }
    SECTION("the FIN comes first after all") {
        machine.receive_fin();
        machine.expect_nothing();
        machine.state.cancel_receive_ended(false);
    }
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("input: reading --FIN--> ended") {
    Machine machine;
    machine.expect(Step::receive);
    machine.receive_fin();
    CHECK(machine.state.input() == Input::ended);
    CHECK_FALSE(machine.state.delivers());
    CHECK(machine.state.may_send());
    machine.expect_nothing(); // Half-closed: the session may go on sending.
    machine.queue("late");
    machine.expect(Step::send);
    machine.expect_nothing();
}

TEST_CASE("input: what is received after the last one ended is asked for again") {
    Machine machine;
    for (int i = 0; i < 3; ++i) {
        machine.expect(Step::receive);
        machine.expect_nothing();
        machine.state.receive_ended();
    }
}

TEST_CASE("input: reading, and nothing left is no news without a last call") {
    Machine machine;
    machine.state.nothing_left();
    CHECK(machine.state.input() == Input::reading);
    CHECK(machine.state.output() == Output::open);
}

TEST_CASE("input: a parked connection is not armed until it is unparked") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.receive_ended();
    machine.state.park();
    CHECK(machine.state.parked());
    SECTION("while it reads") {
        machine.expect_nothing();
        machine.state.unpark();
        machine.expect(Step::receive);
    }
    SECTION("while it takes the last call") {
        machine.state.drain();
        machine.expect_nothing();
        machine.state.unpark();
        machine.expect(Step::receive_rest);
    }
    SECTION("while it discards") {
        machine.state.close(CloseReason::session_closed);
        machine.expect(Step::shut_down);
        machine.expect_nothing();
        machine.state.unpark();
        machine.expect(Step::receive);
    }
}

TEST_CASE("input: a parked connection still sends") {
    Machine machine;
    machine.state.park();
    machine.queue("x");
    machine.expect(Step::send);
}

TEST_CASE("input: close() after the FIN does not read on") {
    Machine machine;
    machine.expect(Step::receive);
    machine.receive_fin();
    machine.state.close(CloseReason::session_closed);
    CHECK(machine.state.input() == Input::ended);
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("input: a receive that is running is not cancelled again, until it goes on") {
    Machine machine;
    machine.stop_reading();
    machine.state.cancel_receive_ended(true);
    machine.expect_nothing();
    SECTION("it brings something and goes on") {
        machine.state.receive_goes_on();
        machine.expect(Step::cancel_receive);
        machine.cancelled();
    }
    SECTION("it ends") { machine.state.receive_ended(); }
    machine.expect_nothing();
    machine.state.sent(Machine::max_pending);
    machine.expect(Step::receive);
}

TEST_CASE("over: a send that is running is not cancelled again, but waited for") {
    Machine machine;
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.state.abort(CloseReason::session_aborted);
    machine.expect(Step::reset);
    machine.expect(Step::cancel_send);
    machine.state.reset_ended();
    machine.state.cancel_send_ended(true);
    machine.expect_nothing();
    machine.state.sent(0);
    machine.expect_closed(CloseReason::session_aborted);
}

TEST_CASE("a session that pauses is not read until it resumes, but its last call waits for that") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.pause();
    machine.expect(Step::cancel_receive);
    machine.cancelled();
    machine.expect_nothing();
    machine.state.drain();
    machine.expect_nothing();
    machine.state.resume();
    machine.expect(Step::receive_rest);
    machine.state.pause();
    machine.expect_nothing(); // it does not wait, so there is nothing to cancel
}

TEST_CASE("a session that pauses and closes has its input discarded as any other") {
    Machine machine;
    machine.state.pause();
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::shut_down);
    machine.expect(Step::receive);
}
