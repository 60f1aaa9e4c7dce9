// What an entry asks for, and whether it may: each check is one that the kernel makes.
#include <kodama/simulation/simulated_ring.hpp>

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

constexpr unsigned known_flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
constexpr unsigned legal_flags = 0x7f;    // those that the kernel knows
constexpr std::size_t vectors_max = 1024; // UIO_MAXIOV

[[noreturn, gnu::cold]] void not_simulated(io_uring_sqe const& entry) noexcept {
    assertion_failed("the simulated kernel does not know this entry", "opcode", entry.opcode);
}

} // namespace

void SimulatedRing::issue(io_uring_sqe const& entry) noexcept {
    Request request{.user_data = entry.user_data, .opcode = entry.opcode};
    request.sequence = ++sequence_;
    if (int const error = prepare(entry, request)) return post(entry.user_data, -error, 0);
    switch (entry.opcode) {
    case IORING_OP_NOP:
        return post(entry.user_data, 0, 0);
    case IORING_OP_SHUTDOWN:
        return shut_down(request);
    case IORING_OP_CONNECT:
        return request.address == 0 ? reset(request) : begin_to_connect(request);
    case IORING_OP_SOCKET:
        return make_socket(request);
    case IORING_OP_CLOSE:
        return close(request);
    case IORING_OP_ASYNC_CANCEL:
        return cancel(request);
    default:
        // Each of the others is tried at once, and armed only where it would have to wait.
        if (!attempt(request, true)) armed_.push_back(std::move(request));
    }
}

// 0, or the error that the kernel answers with.
int SimulatedRing::prepare(io_uring_sqe const& entry, Request& request) noexcept {
    if ((entry.flags & ~legal_flags) != 0) return EINVAL;
    if ((entry.flags & ~known_flags) != 0) not_simulated(entry);
    bool const selects = (entry.flags & IOSQE_BUFFER_SELECT) != 0;
    bool const sends = entry.opcode == IORING_OP_SEND || entry.opcode == IORING_OP_SENDMSG;
    request.silent = (entry.flags & IOSQE_CQE_SKIP_SUCCESS) != 0;
    if (request.silent && !sends) not_simulated(entry);
    if (selects && sends) not_simulated(entry); // Linux 6.10
    if (selects && entry.opcode != IORING_OP_RECV) return EOPNOTSUPP;
    switch (entry.opcode) {
    case IORING_OP_NOP:
        return 0;
    case IORING_OP_ACCEPT:
        return prepare_accept(entry, request);
    case IORING_OP_RECV:
        return prepare_receive(entry, request);
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
        return prepare_send(entry, request);
    case IORING_OP_CLOSE:
        return prepare_close(entry, request);
    case IORING_OP_SHUTDOWN:
        if (entry.off != 0 || entry.addr != 0 || entry.rw_flags != 0 || entry.buf_index != 0 ||
            entry.splice_fd_in != 0 || entry.ioprio != 0) {
            return EINVAL;
        }
        if (entry.len != SHUT_WR) not_simulated(entry);
        return find_socket(entry, request);
    case IORING_OP_CONNECT:
        return prepare_connect(entry, request);
    case IORING_OP_SOCKET:
        return prepare_socket(entry, request);
    case IORING_OP_ASYNC_CANCEL:
        if (entry.off != 0 || entry.splice_fd_in != 0 || entry.ioprio != 0) return EINVAL;
        if (entry.cancel_flags != 0) not_simulated(entry);
        request.address = entry.addr;
        return 0;
    case IORING_OP_READ:
        if (entry.fd != wake_number) not_simulated(entry);
        request.address = entry.addr;
        return entry.len < sizeof(std::uint64_t) ? EINVAL : 0;
    default:
        not_simulated(entry);
    }
}

int SimulatedRing::prepare_connect(io_uring_sqe const& entry, Request& request) noexcept {
    if (entry.len != 0 || entry.buf_index != 0 || entry.rw_flags != 0 || entry.ioprio != 0 ||
        entry.splice_fd_in != 0 || entry.off < sizeof(sa_family_t)) {
        return EINVAL;
    }
    auto const* const address = reinterpret_cast<sockaddr const*>(entry.addr);
    if (address == nullptr) return EFAULT;
    // 0: to nobody, which is a reset.
    if (address->sa_family != AF_UNSPEC) request.address = entry.addr;
    if (int const error = find_socket(entry, request)) return error;
    Socket const& socket = socket_of(request);
    if (request.address == 0 && !socket.connected) not_simulated(entry);
    return request.address != 0 && socket.connected ? EISCONN : 0;
}

int SimulatedRing::prepare_socket(io_uring_sqe const& entry, Request& request) noexcept {
    if (entry.addr != 0 || entry.rw_flags != 0 || entry.buf_index != 0) return EINVAL;
    if (entry.file_index != 0 && (entry.off & SOCK_CLOEXEC) != 0) return EINVAL;
    if (entry.fd != AF_INET && entry.fd != AF_INET6) return EAFNOSUPPORT;
    bool const stream = (entry.off & ~std::uint64_t{SOCK_CLOEXEC}) == SOCK_STREAM;
    if (!stream || entry.len != 0) not_simulated(entry);
    if (entry.file_index == 0) return 0;
    // Only accept lets the kernel choose.
    if (entry.file_index == IORING_FILE_INDEX_ALLOC) not_simulated(entry);
    if (!direct_registered_) return ENXIO;
    request.direct = true;
    request.descriptor = static_cast<int>(entry.file_index - 1);
    if (request.descriptor >= direct_.count()) return EINVAL;
    if (direct_.at(request.descriptor)) not_simulated(entry); // it would be closed
    return 0;
}

int SimulatedRing::prepare_accept(io_uring_sqe const& entry, Request& request) noexcept {
    if (entry.len != 0 || entry.buf_index != 0) return EINVAL;
    if ((entry.ioprio & ~IORING_ACCEPT_MULTISHOT) != 0) return EINVAL;
    request.multishot = (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0;
    request.direct = entry.file_index != 0;
    if ((entry.accept_flags & ~static_cast<unsigned>(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0) {
        return EINVAL;
    }
    if (entry.file_index != 0) {
        if ((entry.accept_flags & SOCK_CLOEXEC) != 0) return EINVAL;
        // Only the kernel may choose the places of many.
        if (entry.file_index != IORING_FILE_INDEX_ALLOC) {
            if (request.multishot) return EINVAL;
            not_simulated(entry);
        }
    }
    if ((entry.flags & IOSQE_FIXED_FILE) != 0) return direct_.at(entry.fd) ? EINVAL : EBADF;
    ListeningSocket const* const listener = network_.listener(entry.fd);
    if (listener == nullptr) {
        if (entry.fd == wake_number) return ENOTSOCK;
        return ordinary_.at(entry.fd) ? EINVAL : EBADF;
    }
    request.listener = entry.fd;
    return 0;
}

int SimulatedRing::prepare_receive(io_uring_sqe const& entry, Request& request) noexcept {
    request.multishot = (entry.ioprio & IORING_RECV_MULTISHOT) != 0;
    request.group = entry.buf_group;
    request.length = entry.len;
    request.message_flags = entry.msg_flags;
    if ((entry.ioprio & ~IORING_RECV_MULTISHOT) != 0) not_simulated(entry);
    bool const selects = (entry.flags & IOSQE_BUFFER_SELECT) != 0;
    if (request.multishot) {
        if (!selects) return EINVAL;
        if ((entry.msg_flags & MSG_WAITALL) != 0) return EINVAL;
        if (entry.len != 0) return EINVAL; // until Linux 6.17
    }
    if (!selects || (entry.msg_flags & ~static_cast<unsigned>(MSG_DONTWAIT)) != 0) {
        not_simulated(entry);
    }
    if (entry.off != 0 || entry.file_index != 0) return EINVAL;
    return find_socket(entry, request);
}

int SimulatedRing::prepare_send(io_uring_sqe const& entry, Request& request) noexcept {
    constexpr unsigned quick_and_whole = MSG_DONTWAIT | MSG_WAITALL;
    bool const sends_some = (entry.msg_flags & ~static_cast<unsigned>(MSG_DONTWAIT)) == 0;
    // With MSG_WAITALL alone, or without it, a silent send ends in other ways.
    bool const known = entry.msg_flags == quick_and_whole || (sends_some && !request.silent);
    if (entry.ioprio != 0 || !known) not_simulated(entry);
    if (entry.off != 0 || entry.file_index != 0) return EINVAL;
    request.message_flags = entry.msg_flags;
    if (int const error = find_socket(entry, request)) return error;
    if (entry.opcode == IORING_OP_SEND) {
        if (entry.addr == 0) return EFAULT;
        request.pieces = {{reinterpret_cast<void*>(entry.addr), entry.len}};
        return 0;
    }
    auto const* const message = reinterpret_cast<msghdr const*>(entry.addr);
    if (message == nullptr) return EFAULT;
    if (message->msg_iovlen > vectors_max) return EMSGSIZE;
    if (message->msg_name != nullptr || message->msg_controllen != 0) not_simulated(entry);
    request.pieces.assign(message->msg_iov, message->msg_iov + message->msg_iovlen);
    return 0;
}

int SimulatedRing::prepare_close(io_uring_sqe const& entry, Request& request) noexcept {
    if (entry.off != 0 || entry.addr != 0 || entry.len != 0 || entry.rw_flags != 0 ||
        entry.buf_index != 0 || entry.ioprio != 0) {
        return EINVAL;
    }
    if ((entry.flags & IOSQE_FIXED_FILE) != 0) return EBADF;
    if (entry.file_index != 0) {
        if (entry.fd != 0) return EINVAL;
        if (!direct_registered_) return ENXIO;
        request.direct = true;
        request.descriptor = static_cast<int>(entry.file_index - 1);
        if (request.descriptor < 0 || request.descriptor >= direct_.count()) return EINVAL;
        std::optional<ConnectionNumber> const connection = direct_.at(request.descriptor);
        if (!connection) return EBADF;
        request.connection = *connection;
        return 0;
    }
    if (network_.listener(entry.fd) != nullptr) {
        request.listener = entry.fd;
        return 0;
    }
    request.descriptor = entry.fd;
    std::optional<ConnectionNumber> const connection = ordinary_.at(entry.fd);
    if (!connection) return EBADF;
    request.connection = *connection;
    return 0;
}

int SimulatedRing::find_socket(io_uring_sqe const& entry, Request& request) noexcept {
    bool const direct = (entry.flags & IOSQE_FIXED_FILE) != 0;
    std::optional<ConnectionNumber> const connection =
        direct ? direct_.at(entry.fd) : ordinary_.at(entry.fd);
    if (!connection && !direct && entry.fd == wake_number) return ENOTSOCK;
    if (!connection && !direct && network_.listener(entry.fd) != nullptr) {
        if (entry.opcode == IORING_OP_RECV) return ENOTCONN;
        if (entry.opcode == IORING_OP_SEND || entry.opcode == IORING_OP_SENDMSG) return EPIPE;
        not_simulated(entry); // It would listen no longer.
    }
    if (!connection) return EBADF;
    request.connection = *connection;
    return 0;
}

} // namespace kodama::simulation
