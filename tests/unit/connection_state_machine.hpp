// A connection's state with what a worker would do around it.
#pragma once

#include <cstddef>
#include <string_view>

#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/connection_state.hpp>
#include <support/catch.hpp>

namespace kodama::testing {

class Machine {
public:
    static constexpr std::size_t max_pending = 100;

    using Input = ConnectionState::Input;
    using Output = ConnectionState::Output;

    Machine() = default;
    Machine(Machine const&) = delete;
    Machine& operator=(Machine const&) = delete;

    ~Machine() { state.unsent().clear(); }

    [[nodiscard]] Step next() const { return state.next_step(max_pending); }

    void submit(Step step) {
        switch (step) {
        case Step::none:
            return;
        case Step::receive:
        case Step::receive_rest:
            return state.receive_submitted(step);
        case Step::cancel_receive:
            return state.cancel_receive_submitted();
        case Step::send:
            return state.send_submitted();
        case Step::cancel_send:
            return state.cancel_send_submitted();
        case Step::shut_down:
            return state.shut_down_submitted();
        case Step::reset:
            return state.reset_submitted();
        case Step::close:
            return state.close_submitted();
        case Step::make_socket:
        case Step::connect:
            return state.outgoing_submitted();
        case Step::cancel_connect:
            return state.cancel_connect_submitted();
        }
    }

    // The state asks for exactly this next, and gets it.
    void expect(Step step) {
        REQUIRE(next() == step);
        submit(step);
    }

    void expect_nothing() const { REQUIRE(next() == Step::none); }

    void expect_closed(CloseReason reason) {
        expect(Step::close);
        CHECK(state.closing());
        CHECK(state.reason() == reason);
        expect_nothing();
    }

    void queue(std::string_view text) {
        state.unsent().push_copy(std::as_bytes(std::span(text)), pool_);
    }

    void queue(std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            queue("x");
    }

    // After a send that was cut short.
    void queue_for_a_peer_that_does_not_read(std::size_t size) {
        queue(size);
        state.block();
    }

    // The peer does not read, so it is not to be read either: the receive is being cancelled.
    void stop_reading() {
        expect(Step::receive);
        queue_for_a_peer_that_does_not_read(max_pending);
        expect(Step::send);
        expect(Step::cancel_receive);
    }

    // The peer's FIN, as a worker reports it.
    void receive_fin() {
        state.receive_ended();
        state.peer_finished();
    }

    void lose_peer() {
        state.receive_ended();
        state.peer_gone(CloseReason::peer_gone);
    }

    // Both ends of a cancelled receive.
    void cancelled() {
        state.receive_ended();
        state.cancel_receive_ended(false);
    }

    // Sends FIN.
    void finish() {
        state.finish(CloseReason::session_closed);
        expect(Step::shut_down);
        state.shut_down_ended();
    }

    [[nodiscard]] BufferPool const& pool() const { return pool_; }

private:
    BufferPool pool_{64, 64};

public:
    ConnectionState state; // after the pool that its queue has blocks of
};

} // namespace kodama::testing
