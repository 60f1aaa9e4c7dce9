// Connections that sessions open, and partners: two connections of which each sends what the other
// receives.
#include <kodama/core/worker.hpp>

#include <kodama/base/assert.hpp>

namespace kodama {

// --- opening

Handle Worker::connect(Connection& opener, Address const& to) noexcept {
    if (to.family() == AddressFamily::unspecified) return {};
    Connection* const connection = draining_ || stopping_ ? nullptr : table_.take_outgoing();
    if (connection == nullptr) {
        counters_.add(Counter::outgoing_refused);
        return {};
    }
    connection->worker_ = this;
    connection->outgoing_ = true;
    connection->opener_ = opener.slot_;
    connection->opener_generation_ = opener.generation_;
    connection->peer_ = to;
    connection->state_.begin_outgoing();
    counters_.add(Counter::outgoing);
    touch(*connection);
    restart_idle_timer(*connection);
    connection->has_session_ = hooks_.construct(table_.session_of(*connection), state_.context());
    if (connection->has_session_) return handle_of(*connection);
    connection->state_.abort(CloseReason::session_failed);
    return {};
}

Handle Worker::opener_of(Connection const& connection) const noexcept {
    if (!connection.outgoing_) return {};
    return Handle(inbox_, connection.opener_, connection.opener_generation_);
}

void Worker::submit_outgoing(Connection& connection, Step step) noexcept {
    ConnectionState& state = connection.state_;
    if (step == Step::cancel_connect) {
        state.cancel_connect_submitted();
        counters_.add(Counter::cancels);
        return requests_.cancel(token(Operation::connect, connection),
                                token(Operation::cancel_connect, connection));
    }
    state.outgoing_submitted();
    if (step == Step::make_socket) {
        requests_.make_socket(connection.peer_.family(), connection.slot_,
                              token(Operation::make_socket, connection));
    } else {
        requests_.connect(connection.descriptor_, connection.peer_,
                          token(Operation::connect, connection));
    }
}

void Worker::on_socket(Token token, Completion const& completion) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    touch(*connection);
    if (completion.result < 0) return connection->state_.connect_failed();
    bool const direct = features_.has(Feature::direct_descriptors);
    connection->descriptor_ =
        direct ? static_cast<int>(index_of(connection->slot_)) : completion.result;
    ring_.set_up_outgoing(connection->descriptor_, limits_.send_timeout);
    connection->state_.socket_made();
}

void Worker::on_connected(Token token, Completion const& completion) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    touch(*connection);
    ConnectionState& state = connection->state_;
    if (completion.result < 0) return state.connect_failed();
    state.connected();
    restart_idle_timer(*connection);
    // Given up meanwhile, and connected all the same: the session is told of its end only.
    if (state.broken() || hooks_.on_open == nullptr) return;
    if (!hooks_.on_open(table_.session_of(*connection), *connection)) {
        state.abort(CloseReason::session_failed);
    }
}

// --- partners

bool Worker::pair(Connection& one, Connection& other) noexcept {
    if (&one == &other) return false;
    for (Connection* const connection : {&one, &other}) {
        bool const over = connection->state_.broken() || connection->state_.closing();
        if (over || !connection->has_session_ || connection->partner_ != nullptr) return false;
    }
    one.partner_ = &other;
    other.partner_ = &one;
    for (Connection* const connection : {&one, &other}) {
        connection->state_.pair();
        touch(*connection);
    }
    return true;
}

bool Worker::forward(Connection& connection, Buffer&& buffer) noexcept {
    Connection* const partner = connection.partner_;
    if (partner == nullptr || !partner->state_.may_send()) return false;
    // What was promised for what it received is kept there.
    pay(connection, buffer.size());
    partner->state_.unsent().push(std::move(buffer));
    touch(*partner);
    return true;
}

// Whether the partner is read depends on what is unsent here, and in a drain whether it is finished
// on what may still arrive here.
void Worker::tell_partner(Connection& connection) noexcept {
    KODAMA_ASSERT(connection.partner_->partner_ == &connection);
    ConnectionState const& state = connection.state_;
    Connection& partner = *connection.partner_;
    bool const full = state.blocked() && connection.unsent() >= limits_.max_pending;
    if (partner.state_.hold_back(full)) {
        if (full) counters_.add(Counter::held_back);
        touch(partner);
    }
    if (!partner.state_.feed_from_partner(state.delivers())) return;
    if (draining_) partner.state_.drain();
    touch(partner);
}

void Worker::leave_partner(Connection& connection) noexcept {
    Connection& partner = *connection.partner_;
    connection.partner_ = partner.partner_ = nullptr;
    connection.state_.unpair();
    partner.state_.unpair();
    if (draining_) partner.state_.drain();
    touch(partner);
}

} // namespace kodama
