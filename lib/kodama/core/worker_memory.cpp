// Who waits for memory, who has to give it up, and what a session may queue.
#include <kodama/core/worker.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>

namespace kodama {

void Worker::pump_touched() noexcept {
    while (Connection* const connection = touched_.pop_front())
        pump(*connection);
}

void Worker::leave_all_lists(Connection& connection) noexcept {
    stop_session_timer(connection);
    touched_.remove_if_present(connection);
    parked_.remove_if_present(connection);
    blocked_.remove_if_present(connection);
    starved_.remove_if_present(connection);
    stop_timer(connection);
}

// --- receive buffers

void Worker::park(Connection& connection) noexcept {
    connection.state_.park();
    connection.unparks_before_ = unparks_;
    parked_.push_back(connection);
    counters_.add(Counter::parks);
}

void Worker::unpark_some() noexcept {
    // What the kernel does not have is sent from, kept, or rests because it has enough.
    KODAMA_ASSERT(received_.free_count() == 0 ||
                  received_.kernel_count() + buffers_sending_ >= circulation_.limit());
    // Each buffer that the kernel has can serve one of them; more would only come back at once.
    std::uint32_t available = received_.kernel_count();
    while (available > 0 && !parked_.empty()) {
        Connection& connection = *parked_.pop_front();
        // Nobody waits for more turns of others than there can be others.
        KODAMA_ASSERT(unparks_ - connection.unparks_before_ <= table_.size());
        ++unparks_;
        connection.state_.unpark();
        Step const step = connection.state_.next_step(limits_.max_pending);
        if (step == Step::none) continue; // it does not want to read any more
        // What else it wanted it got while it waited.
        KODAMA_ASSERT(step == Step::receive || step == Step::receive_rest);
        submit_receive(connection, step);
        --available;
    }
}

// --- memory for unsent bytes

void Worker::keep_account_of_blocked(Connection& connection, bool progress) noexcept {
    bool const blocked = connection.state_.blocked() && !connection.state_.broken();
    // Whoever gets on goes to the end: the first is the one that has been stuck longest.
    if (!blocked || progress) blocked_.remove_if_present(connection);
    if (blocked) blocked_.push_back_once(connection);
}

bool Worker::move_unsent_out(Connection& connection) noexcept {
    SendQueue& unsent = connection.state_.unsent();
    std::size_t const blocks = unsent.blocks_to_move_into(copies_);
    if (blocks > copies_.free_count()) {
        if (!connection.state_.sending()) connection.state_.starve();
        starved_.push_back_once(connection);
        return false;
    }
    if (blocks > 0) counters_.add(Counter::bytes_copied, unsent.move_into(copies_));
    if (connection.state_.starved()) connection.state_.feed();
    // Also one that has not sent yet, for it is not connected: it can be evicted like the others.
    if (!unsent.empty()) blocked_.push_back_once(connection);
    return true;
}

void Worker::relieve_memory() noexcept {
    Connection* next = nullptr;
    for (Connection* connection = starved_.front(); connection != nullptr; connection = next) {
        next = Starved::next(*connection);
        ConnectionState& state = connection->state_;
        bool blocked = state.blocked() && !state.broken();
        std::size_t const blocks = blocked ? state.unsent().blocks_to_move_into(copies_) : 0;
        // One that has moved out already waits, like the others, for its session's sake.
        if (blocks == 0 && connection->refused_ && !state.starved()) blocked = false;
        bool const room =
            blocked ? blocks <= copies_.free_count() : connection->wanted_ <= copies_.free_bytes();
        if (room) {
            starved_.remove(*connection);
            touch(*connection);
        } else if (blocked) {
            // A session that wants to send more can wait; receive buffers that are held cannot.
            if (evictions_under_way_ == 0) evict_longest_blocked();
            return;
        }
    }
}

void Worker::evict_longest_blocked() noexcept {
    Connection* const connection = blocked_.pop_front();
    if (connection == nullptr) return;
    connection->evicted_ = true;
    ++evictions_under_way_;
    connection->state_.abort(CloseReason::evicted);
    touch(*connection);
}

// --- what a session asks for

bool Worker::refuse(Connection& connection, std::size_t wanted) noexcept {
    connection.refused_ = true;
    connection.wanted_ = wanted;
    return false;
}

bool Worker::may_queue(Connection const& connection, std::size_t size) const noexcept {
    return size <= connection.owed_ || has_room(connection);
}

bool Worker::has_room(Connection const& connection) const noexcept {
    std::size_t const burst = std::size_t{received_.count()} * received_.block_size();
    return connection.unsent() < limits_.max_pending + burst;
}

void Worker::pay(Connection& connection, std::size_t size) noexcept {
    connection.owed_ -= static_cast<std::uint32_t>(std::min<std::size_t>(size, connection.owed_));
}

bool Worker::send(Connection& connection, Buffer&& buffer) noexcept {
    if (!connection.state_.may_send()) return false;
    std::size_t const size = buffer.size();
    if (!may_queue(connection, size)) return refuse(connection, 0);
    pay(connection, size);
    connection.state_.unsent().push(std::move(buffer));
    touch(connection);
    return true;
}

// What is shared was not received, so no promise is kept by sending it.
bool Worker::send(Connection& connection, SharedBytes const& bytes) noexcept {
    if (!connection.state_.may_send()) return false;
    if (!has_room(connection)) return refuse(connection, 0);
    if (bytes.empty()) return true;
    BufferBlock* const piece = pieces_.take(bytes);
    if (piece == nullptr) return send_copy(connection, bytes.bytes());
    connection.state_.unsent().push_piece(*piece);
    touch(connection);
    return true;
}

bool Worker::send_copy(Connection& connection, std::span<std::byte const> bytes) noexcept {
    if (!connection.state_.may_send()) return false;
    if (!may_queue(connection, bytes.size())) return refuse(connection, bytes.size());
    if (bytes.size() > copies_.free_bytes()) {
        starved_.push_back_once(connection);
        return refuse(connection, bytes.size());
    }
    pay(connection, bytes.size());
    connection.state_.unsent().push_copy(bytes, copies_);
    touch(connection);
    return true;
}

} // namespace kodama
