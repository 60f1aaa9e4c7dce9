// What completions do to a connection, and what it wants next.
#include <kodama/core/worker.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <kodama/base/assert.hpp>
#include <kodama/core/outcome.hpp>

namespace kodama {

Token Worker::token(Operation operation, Connection const& connection) const noexcept {
    return Token(operation, connection.slot_, connection.generation_);
}

void Worker::open(std::int32_t descriptor) noexcept {
    KODAMA_ASSERT(descriptor >= 0);
    bool const direct = features_.has(Feature::direct_descriptors);
    bool const no_place = direct ? static_cast<std::uint32_t>(descriptor) >= table_.size_accepted()
                                 : table_.free_places() == 0;
    if (no_place) {
        counters_.add(Counter::refused);
        return requests_.close(descriptor, Token(Operation::refuse, Slot{}, Generation{}));
    }
    if (direct) {
        // The kernel may hand out a place before it tells that the place was given back: their
        // completions are in no particular order.
        Connection* const previous = table_.at(Slot{static_cast<std::uint32_t>(descriptor)});
        if (previous != nullptr) {
            KODAMA_ASSERT(previous->state_.closing());
            release(*previous);
        }
    }
    Connection& connection =
        direct ? table_.take(Slot{static_cast<std::uint32_t>(descriptor)}) : table_.take_any();
    connection.worker_ = this;
    connection.descriptor_ = descriptor;
    counters_.add(Counter::accepted);
    if (draining_) connection.state_.drain();
    if (stopping_) connection.state_.abort(CloseReason::stopped);
    if (table_.used_accepted() <= limits_.max_connections || stopping_)
        return begin_session(connection);
    // Two listening sockets had each an accept in flight for the last place.
    held_.push_back(connection);
    ++held_count_;
}

void Worker::begin_held_sessions() noexcept {
    while (!held_.empty() && table_.used_accepted() - held_count_ < limits_.max_connections) {
        --held_count_;
        begin_session(*held_.pop_front());
    }
}

void Worker::begin_session(Connection& connection) noexcept {
    touch(connection);
    restart_idle_timer(connection);
    void* const session = table_.session_of(connection);
    connection.has_session_ = hooks_.construct(session, state_.context());
    bool const opened = connection.has_session_ &&
                        (hooks_.on_open == nullptr || hooks_.on_open(session, connection));
    if (!opened) connection.state_.abort(CloseReason::session_failed);
}

void Worker::on_receive(Token token, Completion const& completion) noexcept {
    Buffer buffer;
    if (std::optional<BufferId> const id = completion.buffer()) {
        // Whatever else is true of this completion, the buffer is ours again.
        buffer =
            received_.received(*id, static_cast<std::uint32_t>(std::max(completion.result, 0)));
    }
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    completion.more() ? connection->state_.receive_goes_on() : connection->state_.receive_ended();
    touch(*connection);
    if (completion.result < 0) return receive_failed(*connection, completion.result);
    // What is discarded keeps nothing alive: a peer that only sends might stay for ever.
    if (connection->state_.delivers()) restart_idle_timer(*connection);
    if (completion.result == 0) return peer_finished(*connection);
    KODAMA_ASSERT(buffer.size() == static_cast<std::size_t>(completion.result));
    batching_.heard(connection->slot_);
    circulation_.received(static_cast<std::uint32_t>(completion.result));
    counters_.add(Counter::receives);
    counters_.add(Counter::bytes_received, buffer.size());
    deliver(*connection, std::move(buffer));
}

void Worker::deliver(Connection& connection, Buffer&& buffer) noexcept {
    if (!connection.state_.delivers()) {
        return counters_.add(Counter::bytes_discarded, buffer.size());
    }
    auto const size = static_cast<std::uint32_t>(buffer.size());
    connection.owed_ +=
        std::min(size, std::numeric_limits<std::uint32_t>::max() - connection.owed_);
    if (!hooks_.on_receive(table_.session_of(connection), connection, std::move(buffer))) {
        connection.state_.abort(CloseReason::session_failed);
    }
}

void Worker::peer_finished(Connection& connection) noexcept {
    ConnectionState& state = connection.state_;
    bool const delivers = state.delivers();
    state.peer_finished();
    if (delivers && hooks_.on_peer_finished != nullptr) {
        if (!hooks_.on_peer_finished(table_.session_of(connection), connection)) {
            state.abort(CloseReason::session_failed);
        }
    } else if (delivers) { // otherwise it is ending, or drains and waits for its partner
        state.finish(CloseReason::peer_finished);
    }
    if (draining_) state.drain();
}

void Worker::receive_failed(Connection& connection, std::int32_t result) noexcept {
    ConnectionState& state = connection.state_;
    Outcome const outcome = outcome_of(Operation::receive, result);
    if (outcome == Outcome::peer_gone) {
        state.peer_gone(CloseReason::peer_gone);
    } else if (outcome == Outcome::peer_silent) {
        state.peer_gone(CloseReason::send_timeout);
    } else if (outcome == Outcome::nothing_yet) {
        state.nothing_left();
    } else if (outcome == Outcome::no_buffers && !state.broken()) {
        park(connection);
    }
    // Cancelled, interrupted: the state knows whether to receive again.
}

void Worker::on_send(Token token, Completion const& completion) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    ConnectionState& state = connection->state_;
    Outcome const outcome = outcome_of(Operation::send, completion.result);
    auto const count = static_cast<std::size_t>(std::max(completion.result, 0));
    KODAMA_ASSERT(count <= connection->in_flight_bytes_);
    if (Silent::contains(*connection)) leave_silent(*connection);
    count_sent(*connection, count);
    state.sent(count);
    if (outcome == Outcome::peer_gone) state.peer_gone(CloseReason::peer_gone);
    if (outcome == Outcome::peer_silent) state.peer_gone(CloseReason::send_timeout);
    if (count > 0) restart_idle_timer(*connection);
    if (count < connection->in_flight_bytes_ && !state.broken()) {
        state.block();
        counters_.add(Counter::sends_blocked);
    }
    keep_account_of_blocked(*connection, count > 0);
    touch(*connection);
}

void Worker::on_ended(Token token, void (ConnectionState::*ended)() noexcept) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    (connection->state_.*ended)();
    touch(*connection);
}

void Worker::on_close(Token token) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    release(*connection);
}

void Worker::release(Connection& connection) noexcept {
    KODAMA_ASSERT(connection.state_.closing());
    KODAMA_ASSERT(!connection.has_session_);
    leave_all_lists(connection);
    if (connection.evicted_) --evictions_under_way_;
    table_.release(connection);
    begin_held_sessions();
    for (Listener& listener : listeners_)
        listener.resume(); // a descriptor came free
}

void Worker::pump(Connection& connection) noexcept {
    ConnectionState& state = connection.state_;
    if (!connection.open_ || state.closing() || Held::contains(connection)) return;
    // Something has changed since its send was queued, and may be waiting for the end of that.
    if (Silent::contains(connection)) silent_awaited_ = true;
    tell_writable(connection);
    if (state.blocked() && !state.broken()) move_unsent_out(connection);
    if (connection.partner_ != nullptr) tell_partner(connection);
    for (Step step = state.next_step(limits_.max_pending); step != Step::none;
         step = state.next_step(limits_.max_pending)) {
        submit(connection, step);
    }
    if (state.lingers() && connection.timer_ != Timer::linger) {
        start_timer(connection, Timer::linger);
    }
}

void Worker::tell_writable(Connection& connection) noexcept {
    if (!connection.refused_ || !connection.state_.may_send()) return;
    if (connection.unsent() > limits_.max_pending / 2) return;
    if (connection.wanted_ > copies_.free_bytes()) return starved_.push_back_once(connection);
    connection.refused_ = false;
    if (hooks_.on_writable == nullptr) return;
    if (!hooks_.on_writable(table_.session_of(connection), connection)) {
        connection.state_.abort(CloseReason::session_failed);
    }
    connection.state_.read_once();
}

void Worker::submit(Connection& connection, Step step) noexcept {
    ConnectionState& state = connection.state_;
    int const descriptor = connection.descriptor_;
    switch (step) {
    case Step::none:
        return;
    case Step::receive:
    case Step::receive_rest:
        // Those who have waited for buffers longer come first.
        return parked_.empty() ? submit_receive(connection, step) : park(connection);
    case Step::send:
        return submit_send(connection);
    case Step::cancel_receive:
        state.cancel_receive_submitted();
        counters_.add(Counter::cancels);
        return requests_.cancel(token(Operation::receive, connection),
                                token(Operation::cancel_receive, connection));
    case Step::cancel_send:
        state.cancel_send_submitted();
        counters_.add(Counter::cancels);
        return requests_.cancel(token(Operation::send, connection),
                                token(Operation::cancel_send, connection));
    case Step::shut_down:
        state.shut_down_submitted();
        return requests_.shut_down(descriptor, token(Operation::shut_down, connection));
    case Step::reset:
        state.reset_submitted();
        return requests_.reset(descriptor, token(Operation::reset, connection));
    case Step::close:
        return submit_close(connection);
    case Step::make_socket:
    case Step::connect:
    case Step::cancel_connect:
        return submit_outgoing(connection, step);
    }
}

void Worker::submit_receive(Connection& connection, Step step) noexcept {
    Token const receive = token(Operation::receive, connection);
    std::uint16_t const group = buffer_ring_.group();
    if (step == Step::receive_rest) {
        requests_.receive_arrived(connection.descriptor_, group, receive);
    } else if (features_.has(Feature::multishot_receive) && parked_.empty()) {
        requests_.receive_many(connection.descriptor_, group, receive);
    } else {
        // While buffers are short, each connection takes one at a time.
        requests_.receive_one(connection.descriptor_, group, receive);
    }
    connection.state_.receive_submitted(step);
    counters_.add(Counter::receives_armed);
}

void Worker::submit_send(Connection& connection) noexcept {
    ConnectionState& state = connection.state_;
    std::array<iovec, Requests::vectors_max> vectors;
    std::size_t const count = state.unsent().gather(vectors);
    // A blocked connection holds no receive buffers any more, so it may wait as long as it takes.
    auto patience = state.blocked() ? SendPatience::patient : SendPatience::none;
    bool const silent = count < vectors.size() && may_be_silent(connection);
    if (silent) patience = SendPatience::silent;
    auto const memory = std::span<iovec const>(vectors).first(count);
    connection.in_flight_bytes_ = static_cast<std::uint32_t>(requests_.send(
        connection.descriptor_, memory, patience, token(Operation::send, connection)));
    silent ? silent_send_submitted(connection, memory) : state.send_submitted();
    counters_.add(Counter::sends);
}

void Worker::submit_close(Connection& connection) noexcept {
    ConnectionState& state = connection.state_;
    CloseReason const reason = state.reason();
    counters_.add(reason);
    counters_.add(Counter::bytes_discarded, connection.unsent() - connection.counted_bytes_);
    if (connection.has_session_) {
        void* const session = table_.session_of(connection);
        // The connection is over already: that its last hook threw changes nothing.
        if (hooks_.on_close != nullptr) {
            static_cast<void>(hooks_.on_close(session, connection, reason));
        }
        hooks_.destroy(session);
        connection.has_session_ = false;
    }
    if (connection.partner_ != nullptr) leave_partner(connection);
    leave_all_lists(connection);
    state.close_submitted();
    Token const close = token(Operation::close, connection);
    // One that never had a socket ends like the others, in the next turn.
    if (connection.descriptor_ < 0) return requests_.nothing(close);
    requests_.close(connection.descriptor_, close);
}

} // namespace kodama
