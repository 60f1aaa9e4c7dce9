#include <kodama/core/connection_state.hpp>

#include <kodama/base/assert.hpp>

namespace kodama {

Step ConnectionState::next_step(std::size_t max_pending) const noexcept {
    if (phase_ != Phase::connected) return next_step_unconnected();
    if (over()) return next_step_when_over();
    Step const output = next_output_step();
    return output != Step::none ? output : next_input_step(max_pending);
}

bool ConnectionState::over() const noexcept {
    if (output_ == Output::broken) return true;
    if (input_ != Input::ended || !unsent_.empty()) return false;
    return output_ == Output::finishing || output_ == Output::finished;
}

Step ConnectionState::next_step_when_over() const noexcept {
    if (reset_wanted_) return Step::reset;
    if (Step const step = cancel_receive(); step != Step::none) return step;
    if (sending_ && !cancelling_send_ && !send_runs_out_) return Step::cancel_send;
    return in_flight() ? Step::none : Step::close;
}

// Asked for again while it did not help: the kernel may not find a receive that it is just arming.
// But one that it says is running need only be waited for.
Step ConnectionState::cancel_receive() const noexcept {
    bool const possible = receiving_ && !cancelling_receive_ && !receive_runs_out_;
    return possible ? Step::cancel_receive : Step::none;
}

Step ConnectionState::next_output_step() const noexcept {
    if (sending_ || starved_) return Step::none;
    if (!unsent_.empty()) return Step::send;
    bool const fin_is_due = output_ == Output::finishing && !shutting_down_;
    return fin_is_due ? Step::shut_down : Step::none;
}

Step ConnectionState::next_input_step(std::size_t max_pending) const noexcept {
    switch (input_) {
    case Input::ended:
        // After the linger deadline the receive may still be armed.
        return cancel_receive();
    case Input::discarding:
        return receiving_ || parked_ || cancelling_receive_ ? Step::none : Step::receive;
    case Input::reading:
    case Input::last_call:
        break;
    }
    // What the peer has yet to be asked to take does not count: the kernel may take all of it.
    bool const full = paired_ ? held_back_ : blocked_ && unsent_.size() >= max_pending;
    bool const room = !full;
    bool const last_call = input_ == Input::last_call;
    if (receiving_) {
        // One that looks for the rest does not wait, so there is nothing to cancel.
        bool const unwanted = !receiving_rest_ && (last_call || !room || paused_);
        return unwanted ? cancel_receive() : Step::none;
    }
    if (paused_) return Step::none;
    // The answer to a cancellation is about the last receive, and not to be taken for the next's.
    if (parked_ || cancelling_receive_) return Step::none;
    if (!room) return reading_once_ ? Step::receive_rest : Step::none;
    return last_call ? Step::receive_rest : Step::receive;
}

bool ConnectionState::in_flight() const noexcept {
    return receiving_ || cancelling_receive_ || sending_ || cancelling_send_ || shutting_down_ ||
           resetting_ || connecting_ || cancelling_connect_;
}

bool ConnectionState::sends_in_passing() const noexcept {
    return output_ == Output::open && !blocked_;
}

bool ConnectionState::lingers() const noexcept {
    return output_ == Output::finished && input_ == Input::discarding;
}

void ConnectionState::give_reason(CloseReason reason) noexcept {
    if (reason_given_) return; // the first cause of an end in order is the cause
    reason_given_ = true;
    reason_ = reason;
}

// --- what the session and the server ask for

void ConnectionState::finish(CloseReason reason) noexcept {
    if (output_ != Output::open) return;
    output_ = Output::finishing;
    give_reason(reason);
}

void ConnectionState::close(CloseReason reason) noexcept {
    if (output_ == Output::broken) return;
    finish(reason);
    if (input_ != Input::ended) input_ = Input::discarding;
    // Nobody would notice a connection that comes only to go.
    if (waits_for_connection() && unsent_.empty()) output_ = Output::broken;
}

void ConnectionState::drain() noexcept {
    if (input_ == Input::reading) input_ = Input::last_call;
    // A half-closed connection whose session still answers is given no more time to do so.
    bool const heard_all = input_ == Input::ended || input_ == Input::discarding;
    if (heard_all && !fed_) finish(CloseReason::drained);
}

void ConnectionState::abort(CloseReason reason) noexcept {
    if (output_ == Output::broken || closing()) return;
    output_ = Output::broken;
    reset_wanted_ = true;
    // However it was coming to its end: what ends it is the reset.
    reason_given_ = true;
    reason_ = reason;
}

// --- what was submitted

void ConnectionState::receive_submitted(Step step) noexcept {
    KODAMA_ASSERT(!receiving_);
    KODAMA_ASSERT(!parked_);
    KODAMA_ASSERT(phase_ == Phase::connected);
    receiving_ = true;
    receiving_rest_ = step == Step::receive_rest;
    last_call_made_ = input_ == Input::last_call;
    reading_once_ = false;
}

void ConnectionState::cancel_receive_submitted() noexcept {
    KODAMA_ASSERT(receiving_);
    KODAMA_ASSERT(!cancelling_receive_);
    cancelling_receive_ = true;
}

void ConnectionState::send_submitted() noexcept {
    KODAMA_ASSERT(!sending_);
    KODAMA_ASSERT(!unsent_.empty());
    // Nothing may follow FIN or RST.
    KODAMA_ASSERT(output_ == Output::open || output_ == Output::finishing);
    KODAMA_ASSERT(!shutting_down_);
    sending_ = true;
}

void ConnectionState::silent_send_submitted() noexcept {
    KODAMA_ASSERT(!blocked_);
    send_submitted();
    send_runs_out_ = true;
}

void ConnectionState::cancel_send_submitted() noexcept {
    KODAMA_ASSERT(sending_);
    KODAMA_ASSERT(!cancelling_send_);
    cancelling_send_ = true;
}

void ConnectionState::shut_down_submitted() noexcept {
    KODAMA_ASSERT(output_ == Output::finishing);
    KODAMA_ASSERT(unsent_.empty());
    KODAMA_ASSERT(!sending_);
    KODAMA_ASSERT(!shutting_down_);
    shutting_down_ = true;
}

void ConnectionState::reset_submitted() noexcept {
    KODAMA_ASSERT(reset_wanted_);
    KODAMA_ASSERT(!resetting_);
    reset_wanted_ = false;
    resetting_ = true;
}

void ConnectionState::close_submitted() noexcept {
    KODAMA_ASSERT(over());
    KODAMA_ASSERT(!in_flight());
    KODAMA_ASSERT(!closing());
    phase_ = Phase::closing;
    parked_ = false;
    unsent_.clear();
}

// --- what happened

void ConnectionState::receive_ended() noexcept {
    KODAMA_ASSERT(receiving_);
    receiving_ = false;
    receive_runs_out_ = false;
}

void ConnectionState::receive_goes_on() noexcept {
    KODAMA_ASSERT(receiving_);
    receive_runs_out_ = false;
}

void ConnectionState::nothing_left() noexcept {
    KODAMA_ASSERT(!receiving_);
    // What arrived before the drain may have been looked for too early.
    if (input_ != Input::last_call || !last_call_made_) return;
    if (fed_) {
        input_ = Input::discarding; // drain() finishes when there is nothing to send any more
    } else {
        close(CloseReason::drained);
    }
}

void ConnectionState::peer_finished() noexcept {
    KODAMA_ASSERT(!receiving_);
    input_ = Input::ended;
}

void ConnectionState::peer_gone(CloseReason reason) noexcept {
    // Where the FIN was not sent yet, or the peer's was still to come, the connection did not end
    // as it was meant to.
    if (output_ == Output::finishing || delivers()) reason_given_ = reason_given_ && broken();
    input_ = Input::ended;
    output_ = Output::broken;
    give_reason(reason);
}

void ConnectionState::linger_over() noexcept {
    KODAMA_ASSERT(lingers());
    input_ = Input::ended;
}

void ConnectionState::sent(std::size_t count) noexcept {
    KODAMA_ASSERT(sending_);
    sending_ = false;
    send_runs_out_ = false;
    unsent_.consume(count);
    if (unsent_.empty()) blocked_ = false;
}

void ConnectionState::cancel_receive_ended(bool running) noexcept {
    KODAMA_ASSERT(cancelling_receive_);
    cancelling_receive_ = false;
    receive_runs_out_ = running && receiving_;
}

void ConnectionState::cancel_send_ended(bool running) noexcept {
    KODAMA_ASSERT(cancelling_send_);
    cancelling_send_ = false;
    send_runs_out_ = running && sending_;
}

void ConnectionState::shut_down_ended() noexcept {
    KODAMA_ASSERT(shutting_down_);
    shutting_down_ = false;
    if (output_ == Output::finishing) output_ = Output::finished;
}

void ConnectionState::reset_ended() noexcept {
    KODAMA_ASSERT(resetting_);
    resetting_ = false;
}

void ConnectionState::park() noexcept {
    KODAMA_ASSERT(!receiving_);
    KODAMA_ASSERT(!parked_);
    parked_ = true;
}

void ConnectionState::unpark() noexcept {
    KODAMA_ASSERT(parked_);
    parked_ = false;
}

void ConnectionState::block() noexcept {
    KODAMA_ASSERT(!unsent_.empty());
    blocked_ = true;
}

void ConnectionState::pause() noexcept { paused_ = true; }

void ConnectionState::resume() noexcept { paused_ = false; }

void ConnectionState::read_once() noexcept {
    // Of one with a partner, the partner's unsent bytes are what there is no room for.
    reading_once_ = !receiving_ && !paired_;
}

void ConnectionState::starve() noexcept {
    KODAMA_ASSERT(blocked_);
    KODAMA_ASSERT(!sending_);
    starved_ = true;
}

void ConnectionState::feed() noexcept { starved_ = false; }

} // namespace kodama
