#include <kodama/core/requests.hpp>

#include <algorithm>
#include <numeric>

#include <kodama/base/assert.hpp>

namespace kodama {

namespace {

// Messages with more than one piece in one batch; when they are used up, the batch is submitted.
constexpr std::size_t messages_max = 64;

// connect() with this family undoes a connection, and TCP does so by a reset (connect(2)). Unlike
// SO_LINGER it is an operation of the ring on every kernel and for direct descriptors too.
sockaddr const no_peer{.sa_family = AF_UNSPEC, .sa_data = {}};

std::uint64_t address_of(void const* memory) noexcept {
    return reinterpret_cast<std::uint64_t>(memory);
}

} // namespace

Requests::Requests(Ring& ring, FeatureSet features)
    : ring_(ring), direct_(features.has(Feature::direct_descriptors)), messages_(messages_max) {}

void Requests::submit_now() noexcept {
    ring_.submit();
    entered();
}

io_uring_sqe& Requests::entry(std::uint8_t opcode, int fd, Token token) noexcept {
    io_uring_sqe* sqe = ring_.next_entry();
    while (sqe == nullptr) {
        submit_now();
        sqe = ring_.next_entry();
    }
    sqe->opcode = opcode;
    sqe->fd = fd;
    sqe->user_data = token.user_data();
    return *sqe;
}

io_uring_sqe& Requests::entry_for_connection(std::uint8_t opcode, int descriptor,
                                             Token token) noexcept {
    io_uring_sqe& sqe = entry(opcode, descriptor, token);
    if (direct_) sqe.flags |= IOSQE_FIXED_FILE;
    return sqe;
}

io_uring_sqe& Requests::accept(int listener, Token token) noexcept {
    io_uring_sqe& sqe = entry(IORING_OP_ACCEPT, listener, token);
    if (direct_) {
        sqe.file_index = IORING_FILE_INDEX_ALLOC; // SOCK_CLOEXEC would be refused with it
    } else {
        sqe.accept_flags = SOCK_CLOEXEC;
    }
    return sqe;
}

void Requests::accept_many(int listener, Token token) noexcept {
    accept(listener, token).ioprio |= IORING_ACCEPT_MULTISHOT;
}

void Requests::accept_one(int listener, Token token) noexcept {
    static_cast<void>(accept(listener, token));
}

void Requests::close_listener(int listener, Token token) noexcept {
    static_cast<void>(entry(IORING_OP_CLOSE, listener, token));
}

io_uring_sqe& Requests::receive(int descriptor, std::uint16_t group, Token token) noexcept {
    io_uring_sqe& sqe = entry_for_connection(IORING_OP_RECV, descriptor, token);
    sqe.flags |= IOSQE_BUFFER_SELECT;
    sqe.buf_group = group;
    return sqe;
}

void Requests::receive_many(int descriptor, std::uint16_t group, Token token) noexcept {
    receive(descriptor, group, token).ioprio |= IORING_RECV_MULTISHOT;
}

void Requests::receive_one(int descriptor, std::uint16_t group, Token token) noexcept {
    static_cast<void>(receive(descriptor, group, token));
}

void Requests::receive_arrived(int descriptor, std::uint16_t group, Token token) noexcept {
    receive(descriptor, group, token).msg_flags = MSG_DONTWAIT;
}

std::size_t Requests::send(int descriptor, std::span<iovec const> vectors, SendPatience patience,
                           Token token) noexcept {
    KODAMA_ASSERT(!vectors.empty());
    KODAMA_ASSERT(vectors.size() <= vectors_max);
    if (vectors.size() > 1 && messages_used_ == messages_.size()) submit_now();
    // The entry first: taking it may submit, which would free a message taken before.
    io_uring_sqe& sqe = entry_for_connection(IORING_OP_SEND, descriptor, token);
    if (patience != SendPatience::patient) sqe.msg_flags = MSG_DONTWAIT;
    if (patience == SendPatience::silent) {
        // Not to wait makes it end while it is submitted. To want all makes taking a part a
        // failure, and failures are told.
        sqe.msg_flags |= MSG_WAITALL;
        sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    }
    if (vectors.size() == 1 || messages_used_ == messages_.size()) {
        sqe.addr = address_of(vectors.front().iov_base);
        sqe.len = static_cast<std::uint32_t>(vectors.front().iov_len);
        return vectors.front().iov_len;
    }
    Message& message = messages_[messages_used_++];
    std::copy(vectors.begin(), vectors.end(), message.vectors.begin());
    message.header = {};
    message.header.msg_iov = message.vectors.data();
    message.header.msg_iovlen = vectors.size();
    sqe.opcode = IORING_OP_SENDMSG;
    sqe.addr = address_of(&message.header);
    sqe.len = 1;
    return std::accumulate(vectors.begin(), vectors.end(), std::size_t{0},
                           [](std::size_t sum, iovec const& v) { return sum + v.iov_len; });
}

void Requests::make_socket(AddressFamily family, Slot place, Token token) noexcept {
    KODAMA_ASSERT(family != AddressFamily::unspecified);
    // The entry has the family where others have a descriptor.
    io_uring_sqe& sqe =
        entry(IORING_OP_SOCKET, family == AddressFamily::ipv4 ? AF_INET : AF_INET6, token);
    sqe.off = SOCK_STREAM;
    if (direct_) {
        sqe.file_index = index_of(place) + 1; // SOCK_CLOEXEC would be refused with it
    } else {
        sqe.off |= SOCK_CLOEXEC;
    }
}

void Requests::connect(int descriptor, Address const& to, Token token) noexcept {
    // The kernel has read the address when the entry is submitted.
    while (addresses_used_ == addresses_.size())
        submit_now();
    // The entry first: taking it may submit, which would free an address taken before.
    io_uring_sqe& sqe = entry_for_connection(IORING_OP_CONNECT, descriptor, token);
    sockaddr_storage& address = addresses_[addresses_used_++];
    sqe.off = to.to(address); // connect takes the length of the address here
    sqe.addr = address_of(&address);
}

void Requests::shut_down(int descriptor, Token token) noexcept {
    entry_for_connection(IORING_OP_SHUTDOWN, descriptor, token).len = SHUT_WR;
}

void Requests::reset(int descriptor, Token token) noexcept {
    io_uring_sqe& sqe = entry_for_connection(IORING_OP_CONNECT, descriptor, token);
    sqe.addr = address_of(&no_peer);
    sqe.off = sizeof no_peer; // connect takes the length of the address here
}

void Requests::close(int descriptor, Token token) noexcept {
    if (!direct_) return static_cast<void>(entry(IORING_OP_CLOSE, descriptor, token));
    // A direct descriptor is named by index + 1, and not as a fixed file (EBADF).
    entry(IORING_OP_CLOSE, 0, token).file_index = static_cast<std::uint32_t>(descriptor) + 1;
}

void Requests::cancel(Token target, Token token) noexcept {
    entry(IORING_OP_ASYNC_CANCEL, -1, token).addr = target.user_data();
}

void Requests::nothing(Token token) noexcept { static_cast<void>(entry(IORING_OP_NOP, -1, token)); }

void Requests::wait_for_wake(Token token) noexcept {
    io_uring_sqe& sqe = entry(IORING_OP_READ, ring_.wake_descriptor(), token);
    sqe.addr = address_of(&wakes_);
    sqe.len = sizeof wakes_;
}

} // namespace kodama
