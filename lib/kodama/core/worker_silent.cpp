// Sends that complete only where they fail. One that nobody has heard of after the call that
// submitted it has taken everything (Ring::caught_up), so an echo is one entry and one completion.
#include <kodama/core/worker.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>

namespace kodama {

// Success wakes nobody, so it is for sends that nothing waits for: the next thing that happens to
// the connection comes from its peer.
bool Worker::may_be_silent(Connection const& connection) const noexcept {
    if (!features_.has(Feature::silent_sends) || connection.refused_) return false;
    return connection.state_.sends_in_passing();
}

void Worker::silent_send_submitted(Connection& connection, std::span<iovec const> memory) noexcept {
    connection.state_.silent_send_submitted();
    silent_.push_back(connection);
    // Where not even that much could be asked for, the rest has to follow.
    if (connection.in_flight_bytes_ < connection.unsent()) silent_awaited_ = true;
    auto const buffers = std::count_if(memory.begin(), memory.end(), [this](iovec const& piece) {
        return received_.holds(piece.iov_base);
    });
    connection.silent_buffers_ = static_cast<std::uint8_t>(buffers);
    buffers_sending_ += connection.silent_buffers_;
    KODAMA_ASSERT(connection.counted_bytes_ == 0);
    // Counted and timed now, for the worker may sleep long before it looks again.
    count_sent(connection, connection.in_flight_bytes_);
    connection.counted_bytes_ = connection.in_flight_bytes_;
    restart_idle_timer(connection);
}

void Worker::leave_silent(Connection& connection) noexcept {
    silent_.remove(connection);
    KODAMA_ASSERT(buffers_sending_ >= connection.silent_buffers_);
    buffers_sending_ -= connection.silent_buffers_;
    connection.silent_buffers_ = 0;
}

// After a visit of everything that the kernel has to say of them: it says nothing of success.
void Worker::conclude_silent_sends() noexcept {
    while (Connection* const connection = silent_.front()) {
        leave_silent(*connection);
        count_sent(*connection, connection->in_flight_bytes_);
        connection->state_.sent(connection->in_flight_bytes_);
        // It may have taken several calls until it was submitted.
        if (silent_awaited_) restart_idle_timer(*connection);
        touch(*connection);
    }
    KODAMA_ASSERT(buffers_sending_ == 0);
    silent_awaited_ = false;
}

// Not all were submitted, or what is said of them has no place yet: another call is needed.
void Worker::await_silent_sends() noexcept { silent_awaited_ = !silent_.empty(); }

// Whether it is for them alone that somebody waits, whom nothing else might wake: for the end of
// one, or for memory for copies, which they may hold. Who waits for receive buffers is not left
// alone either: where the kernel has none, the sends go first (enter).
bool Worker::silent_sends_awaited() const noexcept {
    return !silent_.empty() && (silent_awaited_ || !starved_.empty());
}

// Bytes are counted once: those of a silent send when it is submitted. What of them was not taken
// then is the first to be sent.
void Worker::count_sent(Connection& connection, std::size_t count) noexcept {
    std::size_t const counted = std::min<std::size_t>(count, connection.counted_bytes_);
    connection.counted_bytes_ -= static_cast<std::uint32_t>(counted);
    counters_.add(Counter::bytes_sent, count - counted);
}

} // namespace kodama
