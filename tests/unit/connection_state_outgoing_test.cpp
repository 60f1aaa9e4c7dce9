// A connection that a session opens, before it is connected; and partners.
#include <support/catch.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;

namespace {

struct Outgoing : Machine {
    Outgoing() { state.begin_outgoing(); }

    void make_socket() {
        expect(Step::make_socket);
        expect_nothing();
        state.socket_made();
    }

    void begin_to_connect() {
        make_socket();
        expect(Step::connect);
        expect_nothing();
    }

    void connect() {
        begin_to_connect();
        state.connected();
    }
};

} // namespace

TEST_CASE("an outgoing connection is connected before anything else") {
    Outgoing machine;
    CHECK(machine.state.blocked());
    machine.connect();
    CHECK_FALSE(machine.state.blocked());
    machine.expect(Step::receive);
    machine.expect_nothing();
}

TEST_CASE("what is sent to a connection that is not connected yet waits, and so does the FIN") {
    Outgoing machine;
    machine.queue("early");
    machine.state.finish(CloseReason::session_closed);
    machine.connect();
    CHECK(machine.state.blocked());
    machine.expect(Step::send);
    machine.expect(Step::receive);
    machine.state.sent(5);
    machine.expect(Step::shut_down);
}

TEST_CASE("a connection that is refused, or for which there is no socket, closes") {
    Outgoing machine;
    bool const has_socket = GENERATE(true, false);
    if (has_socket) {
        machine.begin_to_connect();
    } else {
        machine.expect(Step::make_socket);
    }
    if (GENERATE(true, false)) machine.state.finish(CloseReason::session_closed);
    machine.state.connect_failed();
    machine.expect_closed(CloseReason::connect_failed);
}

TEST_CASE("an abort cancels the connecting, and resets nobody") {
    Outgoing machine;
    machine.begin_to_connect();
    machine.queue("lost");
    machine.state.abort(CloseReason::session_aborted);
    machine.expect(Step::cancel_connect);
    machine.expect_nothing();
    bool const cancellation_first = GENERATE(true, false);
    if (cancellation_first) machine.state.cancel_connect_ended(false);
    machine.state.connect_failed();
    if (!cancellation_first) machine.state.cancel_connect_ended(false);
    machine.expect_closed(CloseReason::session_aborted);
}

TEST_CASE("an abort that comes too late resets whom it is connected to") {
    Outgoing machine;
    machine.begin_to_connect();
    machine.state.abort(CloseReason::session_aborted);
    machine.expect(Step::cancel_connect);
    machine.state.cancel_connect_ended(true);
    machine.expect_nothing(); // it ends by itself
    machine.state.connected();
    machine.expect(Step::reset);
    machine.state.reset_ended();
    machine.expect_closed(CloseReason::session_aborted);
}

TEST_CASE("an abort waits for the socket that is being made") {
    Outgoing machine;
    machine.expect(Step::make_socket);
    machine.state.abort(CloseReason::stopped);
    machine.expect_nothing();
    machine.state.socket_made();
    machine.expect_closed(CloseReason::stopped);
}

TEST_CASE("close() gives a connection up that is not connected, unless something is to be sent") {
    Outgoing machine;
    machine.begin_to_connect();
    bool const has_something = GENERATE(true, false);
    if (has_something) machine.queue("x");
    machine.state.close(CloseReason::session_closed);
    if (!has_something) return machine.expect(Step::cancel_connect);
    machine.expect_nothing();
    machine.state.connected();
    machine.expect(Step::send);
}

TEST_CASE("a connection with a partner is read as long as that has room, whatever it has itself") {
    Machine machine;
    machine.state.pair();
    machine.queue_for_a_peer_that_does_not_read(2 * Machine::max_pending);
    machine.expect(Step::send);
    machine.expect(Step::receive);
    CHECK(machine.state.hold_back(true));
    CHECK_FALSE(machine.state.hold_back(true));
    machine.expect(Step::cancel_receive);
    machine.cancelled();
    machine.expect_nothing();
    CHECK(machine.state.hold_back(false));
    machine.expect(Step::receive);
    machine.state.unpair();
    machine.expect(Step::cancel_receive); // now its own bytes count
}

TEST_CASE("a drain finishes a connection when its partner has nothing to say any more") {
    Machine machine;
    machine.state.pair();
    machine.state.drain();
    machine.expect(Step::receive_rest);
    machine.state.receive_ended();
    machine.state.nothing_left();
    CHECK(machine.state.may_send());
    machine.expect(Step::receive); // what comes now is discarded
    machine.queue("late");
    machine.expect(Step::send);
    machine.state.sent(4);
    machine.expect_nothing();
    CHECK(machine.state.feed_from_partner(false));
    machine.state.drain();
    machine.expect(Step::shut_down);
    machine.state.shut_down_ended();
    CHECK(machine.state.lingers());
    machine.receive_fin();
    machine.expect_closed(CloseReason::drained);
}

TEST_CASE("a reset after our FIN and before the peer's is no end in order") {
    Machine machine;
    machine.expect(Step::receive);
    machine.finish();
    machine.lose_peer();
    machine.expect_closed(CloseReason::peer_gone);
}
