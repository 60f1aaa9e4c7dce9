// The output of the diagram at the head of ConnectionState.
#include <support/catch.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;
using Input = Machine::Input;
using Output = Machine::Output;

TEST_CASE("output: what is queued is sent, one send at a time") {
    Machine machine;
    machine.queue("hello");
    machine.expect(Step::send);
    CHECK(machine.state.sending());
    machine.expect(Step::receive);
    machine.queue("world");
    machine.expect_nothing();
    machine.state.sent(5);
    CHECK_FALSE(machine.state.sending());
    machine.expect(Step::send);
    machine.state.sent(5);
    machine.expect_nothing();
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("output: what a send left over is sent next") {
    Machine machine;
    machine.queue("hello");
    machine.expect(Step::send);
    machine.state.sent(2);
    machine.state.block();
    CHECK(machine.state.blocked());
    machine.expect(Step::send);
    machine.state.sent(0);
    CHECK(machine.state.blocked());
    machine.expect(Step::send);
    machine.state.sent(3);
    CHECK_FALSE(machine.state.blocked());
    CHECK(machine.state.unsent().empty());
}

TEST_CASE("output: open --finish()--> finishing --all sent, FIN sent--> finished") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.finish(CloseReason::session_closed);
    CHECK(machine.state.output() == Output::finishing);
    CHECK(machine.state.input() == Input::reading);
    CHECK(machine.state.delivers());
    CHECK_FALSE(machine.state.may_send());
    machine.expect(Step::shut_down);
    CHECK(machine.state.output() == Output::finishing);
    machine.expect_nothing();
    machine.state.shut_down_ended();
    CHECK(machine.state.output() == Output::finished);
    machine.expect_nothing();
    machine.state.receive_ended();
    machine.expect(Step::receive); // Reading goes on.
}

TEST_CASE("output: open --close()--> finishing --all sent, FIN sent--> finished") {
    Machine machine;
    machine.queue("bye");
    machine.state.close(CloseReason::session_closed);
    CHECK(machine.state.output() == Output::finishing);
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.expect_nothing();
    machine.state.sent(3);
    machine.expect(Step::shut_down);
    machine.state.shut_down_ended();
    CHECK(machine.state.output() == Output::finished);
    CHECK(machine.state.lingers());
}

TEST_CASE("output: the FIN is sent only after the last byte") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue("hello");
    machine.expect(Step::send);
    machine.queue("world");
    machine.state.finish(CloseReason::session_closed);
    machine.expect_nothing();
    machine.state.sent(1);
    machine.state.block();
    machine.expect(Step::send);
    machine.state.sent(8);
    machine.expect(Step::send);
    machine.expect_nothing();
    machine.state.sent(1);
    machine.expect(Step::shut_down);
    machine.expect_nothing();
}

TEST_CASE("output: a FIN that is due waits while there is no memory to send from") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue("hello");
    machine.expect(Step::send);
    machine.state.sent(1);
    machine.state.block();
    machine.state.starve();
    CHECK(machine.state.starved());
    machine.state.finish(CloseReason::session_closed);
    machine.expect_nothing();
    machine.state.feed();
    CHECK_FALSE(machine.state.starved());
    machine.expect(Step::send);
    machine.state.sent(4);
    machine.expect(Step::shut_down);
}

TEST_CASE("output: the FIN is sent once, however often it is asked for") {
    Machine machine;
    machine.expect(Step::receive);
    machine.finish();
    machine.state.finish(CloseReason::drained);
    machine.state.close(CloseReason::drained);
    machine.expect_nothing();
    CHECK(machine.state.output() == Output::finished);
    CHECK(machine.state.reason() == CloseReason::session_closed);
}

TEST_CASE("output: close() after finish() reads and discards") {
    Machine machine;
    machine.expect(Step::receive);
    machine.finish();
    CHECK_FALSE(machine.state.lingers());
    machine.state.close(CloseReason::session_closed);
    CHECK(machine.state.input() == Input::discarding);
    CHECK(machine.state.lingers());
}

namespace {

// Brings the output to where an arrow starts; a receive is armed, and nothing else is in flight.
void bring(Machine& machine, Output output) {
    machine.expect(Step::receive);
    if (output == Output::open) return;
    if (output == Output::finished) return machine.finish();
    machine.queue("stuck");
    machine.expect(Step::send);
    machine.state.finish(CloseReason::session_closed);
    machine.state.sent(0);
    machine.state.block();
    machine.state.starve();
    machine.expect_nothing();
}

} // namespace

TEST_CASE("output: open, finishing, finished --abort()--> broken") {
    Output const output = GENERATE(Output::open, Output::finishing, Output::finished);
    Machine machine;
    bring(machine, output);
    REQUIRE(machine.state.output() == output);
    machine.state.abort(CloseReason::session_aborted);
    CHECK(machine.state.output() == Output::broken);
    CHECK(machine.state.broken());
    CHECK_FALSE(machine.state.delivers());
    CHECK_FALSE(machine.state.may_send());
    machine.expect(Step::reset);
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
    machine.state.reset_ended();
    machine.cancelled();
    machine.expect_closed(CloseReason::session_aborted);
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("output: open, finishing, finished --failed: peer gone--> broken") {
    Output const output = GENERATE(Output::open, Output::finishing, Output::finished);
    Machine machine;
    bring(machine, output);
    REQUIRE(machine.state.output() == output);
    machine.lose_peer();
    CHECK(machine.state.output() == Output::broken);
    CHECK(machine.state.input() == Input::ended);
    machine.expect_closed(CloseReason::peer_gone); // its FIN was still to come
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("output: finished --failed: peer gone--> broken, as it was meant to after close()") {
    Machine machine;
    bring(machine, Output::finished);
    machine.state.close(CloseReason::session_closed); // so nothing more is read
    machine.lose_peer();
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE(
    "output: a send that fails while a receive is armed breaks it, and the receive is joined") {
    Machine machine;
    machine.queue("x");
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.state.sent(0);
    machine.state.peer_gone(CloseReason::peer_gone);
    machine.expect(Step::cancel_receive);
    machine.expect_nothing();
    machine.lose_peer();
    machine.expect_nothing();
    machine.state.cancel_receive_ended(false);
    machine.expect_closed(CloseReason::peer_gone);
}

TEST_CASE("output: nothing is sent after the FIN") {
    Machine machine;
    machine.expect(Step::receive);
    machine.state.finish(CloseReason::session_closed);
    CHECK_FALSE(machine.state.may_send());
    machine.expect(Step::shut_down);
    CHECK_FALSE(machine.state.may_send());
    machine.state.shut_down_ended();
    CHECK_FALSE(machine.state.may_send());
    machine.receive_fin();
    machine.expect_closed(CloseReason::session_closed);
}

TEST_CASE("output: nothing is sent after abort(), not even what was queued") {
    Machine machine;
    machine.queue("lost");
    machine.state.abort(CloseReason::session_aborted);
    CHECK_FALSE(machine.state.may_send());
    machine.expect(Step::reset);
    machine.expect_nothing();
    machine.state.reset_ended();
    machine.expect_closed(CloseReason::session_aborted);
    CHECK(machine.pool().leased_count() == 0);
}

TEST_CASE("output: a shutdown that ends after abort() does not mend what is broken") {
    Machine machine;
    machine.state.close(CloseReason::session_closed);
    machine.expect(Step::shut_down);
    machine.state.abort(CloseReason::stopped);
    machine.expect(Step::reset);
    machine.state.shut_down_ended();
    CHECK(machine.state.output() == Output::broken);
    machine.expect_nothing();
    machine.state.reset_ended();
    machine.expect_closed(CloseReason::stopped);
}

TEST_CASE("a silent send is one in flight: nothing follows it, and it is not cancelled") {
    Machine machine;
    machine.expect(Step::receive);
    machine.queue("echo");
    CHECK(machine.state.sends_in_passing());
    REQUIRE(machine.next() == Step::send);
    machine.state.silent_send_submitted();
    machine.queue("more");
    machine.expect_nothing();
    SECTION("the rest follows when it is over") {
        machine.state.sent(4);
        machine.expect(Step::send);
    }
    SECTION("the FIN follows when all is sent") {
        machine.state.finish(CloseReason::session_closed);
        machine.expect_nothing();
        machine.state.sent(4);
        machine.expect(Step::send);
        machine.state.sent(4);
        machine.expect(Step::shut_down);
    }
    SECTION("an abort resets, and waits for it") {
        machine.state.abort(CloseReason::session_aborted);
        machine.expect(Step::reset);
        machine.expect(Step::cancel_receive);
        machine.expect_nothing();
        machine.state.reset_ended();
        machine.cancelled();
        machine.expect_nothing();
        machine.state.sent(4);
        machine.expect_closed(CloseReason::session_aborted);
    }
}

TEST_CASE("a connection sends in passing where nothing waits for the end of that") {
    Machine machine;
    machine.queue(10);
    CHECK(machine.state.sends_in_passing());
    SECTION("not while the peer does not read") {
        machine.expect(Step::send);
        machine.state.sent(4);
        machine.state.block();
        CHECK_FALSE(machine.state.sends_in_passing());
        machine.expect(Step::send);
        machine.state.sent(6);
        CHECK(machine.state.sends_in_passing());
    }
    SECTION("not before a FIN") {
        machine.state.finish(CloseReason::session_closed);
        CHECK_FALSE(machine.state.sends_in_passing());
        machine.expect(Step::send);
        machine.state.sent(10);
        machine.finish();
    }
}
