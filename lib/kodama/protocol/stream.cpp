#include <kodama/protocol/stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include <kodama/base/assert.hpp>

namespace kodama {

StreamState::~StreamState() { end(); }

void StreamState::end() noexcept { input_.clear(); }

Buffer StreamState::pop() noexcept { return input_.pop(); }

void StreamState::begin(Connection& its_connection, std::coroutine_handle<> coroutine) {
    connection = &its_connection;
    resume(coroutine);
}

void StreamState::arrived(Buffer&& buffer) {
    input_.push(std::move(buffer));
    if (wait.reads) return try_again();
    // Nobody wants it now: the rest may stay with the peer.
    if (!std::exchange(paused_, true)) connection->pause_receiving();
}

void StreamState::peer_finished() {
    finished = true;
    if (wait.reads) try_again();
}

void StreamState::try_again() {
    if (!wait.coroutine || !wait.ready(wait.operation, *this)) return;
    Wait const over = std::exchange(wait, {});
    if (over.timed) connection->stop_timer();
    resume(over.coroutine);
}

void StreamState::time_over() {
    if (!wait.timed) return;
    late = true;
    resume(std::exchange(wait, {}).coroutine);
}

void StreamState::suspend(Wait const& what, std::chrono::nanoseconds within) noexcept {
    wait = what;
    wait.timed = within != std::chrono::nanoseconds::max();
    if (wait.timed) connection->start_timer(within);
}

void StreamState::resume(std::coroutine_handle<> coroutine) {
    coroutine.resume();
    if (coroutine.done()) {
        input_.clear();
        return connection->close();
    }
    // Who waits for input has read all there is.
    KODAMA_ASSERT(!wait.reads || input_.empty());
    bool const wanted = wait.reads || input_.empty();
    if (paused_ && wanted) {
        paused_ = false;
        connection->resume_receiving();
    } else if (!paused_ && !wanted) {
        paused_ = true;
        connection->pause_receiving();
    }
}

// --- reading

void StreamState::begin_read() noexcept {
    input_.consume(std::exchange(used_, 0));
    kept_ = 0;
}

std::string_view StreamState::front() const noexcept {
    std::array<iovec, 1> first{};
    if (input_.gather(first) == 0) return {};
    return {static_cast<char const*>(first[0].iov_base), first[0].iov_len};
}

std::string_view StreamState::gather(std::size_t count, bool whole) noexcept {
    KODAMA_ASSERT(kept_ + count <= gathered_.size());
    std::string_view const piece = front().substr(0, count);
    if (whole && kept_ == 0) {
        used_ = count; // stays where it is until the next read
        return piece;
    }
    if (!piece.empty()) std::memcpy(gathered_.data() + kept_, piece.data(), piece.size());
    kept_ += piece.size();
    input_.consume(piece.size());
    return {gathered_.data(), kept_};
}

bool StreamState::read_exactly(std::size_t size, std::optional<std::string_view>& found) noexcept {
    if (size > gathered_.size()) return true;
    do {
        std::size_t const missing = size - kept_;
        bool const whole = front().size() >= missing;
        std::string_view const read = gather(std::min(missing, front().size()), whole);
        if (whole) {
            found = read;
            return true;
        }
    } while (!input_.empty());
    return finished;
}

bool StreamState::read_until(char delimiter, std::size_t max,
                             std::optional<std::string_view>& found) noexcept {
    std::size_t const most = std::min(max, gathered_.size() - 1); // one for the delimiter
    while (!input_.empty()) {
        std::string_view const piece = front();
        std::size_t const end = piece.find(delimiter);
        bool const whole = end != std::string_view::npos;
        if ((whole ? end : piece.size()) > most - kept_) return true;
        std::string_view const read = gather(whole ? end + 1 : piece.size(), whole);
        if (whole) {
            found = read.substr(0, read.size() - 1);
            return true;
        }
    }
    return finished;
}

} // namespace kodama
