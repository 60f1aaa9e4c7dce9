// What a request does when it is tried: accepting, receiving, sending, being woken.
#include <kodama/simulation/simulated_ring.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

#include <kodama/base/assert.hpp>
#include <kodama/base/memory_poison.hpp>

namespace kodama::simulation {

namespace {

constexpr int retries_max = 32; // MULTISHOT_MAX_RETRY: then it is the others' turn

// What accept() hands on of connections that failed before they were accepted, and what fails
// for want of something. EMFILE and ENOMEM come before a connection is taken.
constexpr std::array accept_errors{ECONNABORTED, EINTR,  EPROTO, EPERM,   ENETDOWN,
                                   EHOSTUNREACH, EMFILE, ENFILE, ENOBUFS, ENOMEM};
constexpr std::array receive_errors{ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE};
constexpr std::array send_errors{ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ENOBUFS, ENOMEM};

bool does_not_wait(Request const& request) noexcept {
    return (request.message_flags & MSG_DONTWAIT) != 0;
}

} // namespace

bool SimulatedRing::ready(Request const& request) noexcept {
    switch (request.opcode) {
    case IORING_OP_ACCEPT: {
        ListeningSocket const* const listener = network_.listener(request.listener);
        return listener == nullptr || listener->dead || !listener->queue.empty();
    }
    case IORING_OP_RECV:
        return socket_of(request).readable();
    case IORING_OP_READ:
        return wakes_.load(std::memory_order_relaxed) > 0;
    case IORING_OP_CONNECT:
        return request.ready_at <= now_;
    default:
        return socket_of(request).writable();
    }
}

bool SimulatedRing::attempt(Request& request, bool inline_attempt) noexcept {
    switch (request.opcode) {
    case IORING_OP_ACCEPT:
        return accept(request);
    case IORING_OP_RECV:
        return receive(request, inline_attempt);
    case IORING_OP_READ:
        return read_wake(request);
    case IORING_OP_CONNECT:
        return end_connect(request), true;
    default:
        return send(request);
    }
}

// --- accept

bool SimulatedRing::accept(Request& request) noexcept {
    for (;;) {
        ListeningSocket const* const listener = network_.listener(request.listener);
        if (listener == nullptr || listener->dead) return post(request.user_data, -EINVAL, 0), true;
        // An ordinary descriptor is reserved first, so that a shortage is told although nobody is
        // there to be accepted, and a connection stays in the queue.
        if (!request.direct && ordinary_.full()) {
            sometimes_.note(Sometimes::descriptors_used_up);
            return post(request.user_data, -EMFILE, 0), true;
        }
        if (listener->queue.empty()) return false;
        std::int32_t const result = accept_one(request);
        if (result < 0 || !request.multishot) return post(request.user_data, result, 0), true;
        if (tape_.happens(Choice::accept_ends)) {
            sometimes_.note(Sometimes::multishot_accept_ended_with_connection);
            return post(request.user_data, result, 0), true;
        }
        if (!post_more(request.user_data, result, 0)) return true;
        // Linux 6.1 looks for a descriptor for the next one at once; 6.12 and 6.18 do as here.
        if (network_.listener(request.listener)->queue.empty()) return false;
    }
}

std::int32_t SimulatedRing::accept_one(Request& request) noexcept {
    ListeningSocket& listener = *network_.listener(request.listener);
    if (tape_.happens(Choice::listener_dies)) {
        sometimes_.note(Sometimes::listener_died);
        network_.shut_down_listener(listener);
        return -EINVAL;
    }
    if (std::uint32_t const which =
            tape_.draw(Choice::accept_fails, whole_run, accept_errors.size())) {
        sometimes_.note(Sometimes::accept_failed);
        return -accept_errors[which - 1];
    }
    ConnectionNumber const connection = listener.queue.front();
    listener.queue.pop_front();
    network_.note_queue_change();
    Descriptors& table = request.direct ? direct_ : ordinary_;
    std::optional<int> const descriptor = table.take(connection);
    if (!descriptor) {
        // It was accepted before the place was looked for, and is dropped.
        ++connections_dropped_;
        network_.close_server_end(connection, false);
        return -ENFILE;
    }
    bool const untold = std::any_of(answers_.begin(), answers_.end(), [&](Answer const& answer) {
        return request.direct && answer.closed_place == *descriptor;
    });
    if (untold) sometimes_.note(Sometimes::slot_taken_before_close_was_told);
    network_.socket(connection).accepted = true;
    network_.socket(connection).begin(now_);
    ++progress_;
    return *descriptor;
}

// --- receive

bool SimulatedRing::receive(Request& request, bool inline_attempt) noexcept {
    for (int i = 0; i < retries_max; ++i) {
        bool go_on = false;
        if (receive_piece(request, go_on)) return true;
        if (!go_on) return false;
        Socket const& socket = socket_of(request);
        if (socket.inbound.empty()) {
            // After a FIN the kernel finds the socket readable once more and goes on at once.
            if (!socket.peer_finished || socket.over) return false;
            if (inline_attempt || !tape_.happens(Choice::fin_together, socket.subject))
                return false;
            sometimes_.note(Sometimes::fin_told_with_data);
        }
    }
    return false;
}

// What a receive is told when there is nothing to read and never will be.
std::int32_t SimulatedRing::read_end(Socket& socket) noexcept {
    // Once the peer has finished, nothing else is told but that.
    if (socket.peer_finished && !socket.disconnected) return 0;
    if (socket.server_error != 0) {
        if (!socket.lost && !socket.disconnected) sometimes_.note(Sometimes::reset_by_peer);
        return -std::exchange(socket.server_error, 0);
    }
    return socket.disconnected ? -ENOTCONN : 0;
}

// One receive from the socket. True when the request is over; `go_on` when it is not, and more can
// be had at once.
bool SimulatedRing::receive_piece(Request& request, bool& go_on) noexcept {
    Socket& socket = socket_of(request);
    Subject const subject = socket.subject;
    std::uint64_t const user_data = request.user_data;
    auto const group = std::find_if(groups_.begin(), groups_.end(), [&](SharedBuffers const& one) {
        return one.group() == request.group;
    });
    // The buffer is looked for first, so a shortage is told although nothing has arrived.
    bool const none = group == groups_.end() || group->available() == 0;
    if (none) sometimes_.note(Sometimes::no_buffers_at_once, socket.readable() ? 0 : 1);
    if (none || tape_.happens(Choice::no_buffers, subject)) {
        if (!none) sometimes_.note(Sometimes::no_buffers_while_others_have_them);
        return post(user_data, -ENOBUFS, 0), true;
    }
    if (tape_.happens(Choice::receive_again, subject)) return post(user_data, -EINTR, 0), true;
    if (std::uint32_t const which =
            tape_.draw(Choice::receive_fails, subject, receive_errors.size())) {
        network_.lose(request.connection, receive_errors[which - 1]);
        if (!socket.peer_finished) socket.inbound.clear();
    }
    if (socket.inbound.empty()) {
        if (socket.readable()) return post(user_data, read_end(socket), 0), true;
        if (!does_not_wait(request)) return false;
        if (!tape_.happens(Choice::buffer_on_fail, subject)) {
            return post(user_data, -EAGAIN, 0), true;
        }
        sometimes_.note(Sometimes::buffer_with_failure);
        std::uint32_t const bid = group->take().bid;
        return post(user_data, -EAGAIN, IORING_CQE_F_BUFFER | bid << IORING_CQE_BUFFER_SHIFT), true;
    }
    if (socket.over) sometimes_.note(Sometimes::data_read_after_reset);
    io_uring_buf const buffer = group->take();
    std::size_t wanted = buffer.len;
    if (request.length != 0) wanted = std::min<std::size_t>(wanted, request.length);
    if (std::uint32_t const cut = tape_.draw(Choice::receive_cut, subject, 64)) {
        wanted = std::min<std::size_t>(wanted, cut);
    }
    // The kernel's writes are not subject to AddressSanitizer.
    auto* const memory = reinterpret_cast<std::byte*>(buffer.addr);
    unpoison(memory, wanted);
    std::size_t const count = network_.take(request.connection, std::span(memory, wanted));
    poison(memory, wanted);
    std::uint32_t const flags = IORING_CQE_F_BUFFER | std::uint32_t{buffer.bid}
                                                          << IORING_CQE_BUFFER_SHIFT;
    auto const result = static_cast<std::int32_t>(count);
    socket.note_activity(now_);
    ++progress_;
    if (!request.multishot) return post(user_data, result, flags), true;
    if (tape_.happens(Choice::receive_ends, subject)) {
        sometimes_.note(Sometimes::multishot_receive_ended_with_data);
        return post(user_data, result, flags), true;
    }
    go_on = true;
    return !post_more(user_data, result, flags);
}

// --- send

bool SimulatedRing::send(Request& request) noexcept {
    Socket& socket = socket_of(request);
    if (std::uint32_t const which =
            tape_.draw(Choice::send_fails, socket.subject, send_errors.size())) {
        if (socket.sent > 0) sometimes_.note(Sometimes::send_failed_after_data);
        network_.lose(request.connection, send_errors[which - 1]);
        socket.inbound.clear();
    }
    if (socket.server_error != 0) {
        return end_send(request, -std::exchange(socket.server_error, 0)), true;
    }
    if (socket.over || socket.server_finished) return end_send(request, -EPIPE), true;
    std::size_t room = socket.outbound_room();
    if (room == 0) {
        if (!does_not_wait(request)) {
            sometimes_.note(Sometimes::patient_send_waited);
            return false;
        }
        return end_send(request, -EAGAIN), true;
    }
    if (std::uint32_t const cut = tape_.draw(Choice::send_cut, socket.subject, 64)) {
        room = std::min<std::size_t>(room, cut);
    }
    std::size_t count = 0;
    for (iovec const& piece : request.pieces) {
        std::size_t const part = std::min(piece.iov_len, room - count);
        network_.send(request.connection, {static_cast<std::byte const*>(piece.iov_base), part});
        count += part;
        if (part < piece.iov_len) {
            sometimes_.note(Sometimes::send_cut_short);
            break;
        }
        if (socket.over) break;
    }
    socket.note_activity(now_);
    socket.sent_at = now_;
    ++progress_;
    return end_send(request, static_cast<std::int32_t>(count)), true;
}

// A send that does not wait ends here while its entry is submitted.
void SimulatedRing::end_send(Request const& request, std::int32_t result) noexcept {
    if (!request.silent) return post(request.user_data, result, 0);
    std::size_t length = 0;
    for (iovec const& piece : request.pieces)
        length += piece.iov_len;
    if (result >= 0 && static_cast<std::size_t>(result) == length) {
        sometimes_.note(Sometimes::silent_send_succeeded);
        if (watcher_ != nullptr) watcher_->on_silent_success(request.user_data, now_);
        return;
    }
    sometimes_.note(result < 0 ? Sometimes::silent_send_failed : Sometimes::silent_send_cut_short);
    post(request.user_data, result, 0);
    if (!overflow_.empty()) sometimes_.note(Sometimes::silent_send_failure_overflowed);
}

// --- being woken

bool SimulatedRing::read_wake(Request& request) noexcept {
    std::uint64_t const count = wakes_.exchange(0, std::memory_order_relaxed);
    if (count == 0) return false;
    std::memcpy(reinterpret_cast<void*>(request.address), &count, sizeof count);
    return post(request.user_data, sizeof count, 0), true;
}

} // namespace kodama::simulation
