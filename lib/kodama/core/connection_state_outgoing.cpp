// The state of a connection that a session opens, and of one that has a partner.
#include <kodama/core/connection_state.hpp>

#include <kodama/base/assert.hpp>

namespace kodama {

bool ConnectionState::waits_for_connection() const noexcept {
    return phase_ == Phase::no_socket || phase_ == Phase::unconnected;
}

Step ConnectionState::next_step_unconnected() const noexcept {
    if (phase_ == Phase::closing || cancelling_connect_) return Step::none;
    if (connecting_) {
        // A socket is made at once or not at all.
        bool const unwanted = over() && phase_ == Phase::unconnected && !connect_runs_out_;
        return unwanted ? Step::cancel_connect : Step::none;
    }
    if (over()) return Step::close;
    return phase_ == Phase::no_socket ? Step::make_socket : Step::connect;
}

void ConnectionState::begin_outgoing() noexcept {
    KODAMA_ASSERT(unsent_.empty());
    KODAMA_ASSERT(!in_flight());
    phase_ = Phase::no_socket;
    blocked_ = true;
}

void ConnectionState::outgoing_submitted() noexcept {
    KODAMA_ASSERT(waits_for_connection());
    KODAMA_ASSERT(!connecting_);
    connecting_ = true;
}

void ConnectionState::cancel_connect_submitted() noexcept {
    KODAMA_ASSERT(phase_ == Phase::unconnected);
    KODAMA_ASSERT(connecting_);
    KODAMA_ASSERT(!cancelling_connect_);
    cancelling_connect_ = true;
}

void ConnectionState::socket_made() noexcept {
    KODAMA_ASSERT(phase_ == Phase::no_socket);
    KODAMA_ASSERT(connecting_);
    connecting_ = false;
    phase_ = Phase::unconnected;
}

void ConnectionState::connected() noexcept {
    KODAMA_ASSERT(phase_ == Phase::unconnected);
    KODAMA_ASSERT(connecting_);
    connecting_ = connect_runs_out_ = false;
    phase_ = Phase::connected;
    if (unsent_.empty()) blocked_ = false;
}

void ConnectionState::connect_failed() noexcept {
    KODAMA_ASSERT(waits_for_connection());
    KODAMA_ASSERT(connecting_);
    connecting_ = connect_runs_out_ = false;
    peer_gone(CloseReason::connect_failed);
}

void ConnectionState::cancel_connect_ended(bool running) noexcept {
    KODAMA_ASSERT(cancelling_connect_);
    cancelling_connect_ = false;
    connect_runs_out_ = running && connecting_;
}

// --- partners

void ConnectionState::pair() noexcept {
    KODAMA_ASSERT(!paired_);
    paired_ = true;
    fed_ = true;
}

void ConnectionState::unpair() noexcept {
    KODAMA_ASSERT(paired_);
    paired_ = held_back_ = fed_ = false;
}

bool ConnectionState::hold_back(bool full) noexcept {
    KODAMA_ASSERT(paired_);
    bool const before = held_back_;
    held_back_ = full;
    return before != full;
}

bool ConnectionState::feed_from_partner(bool feeds) noexcept {
    KODAMA_ASSERT(paired_);
    bool const before = fed_;
    fed_ = feeds;
    return before != feeds;
}

} // namespace kodama
