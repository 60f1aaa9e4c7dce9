#include <kodama/ring/ring_protocol.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <kodama/base/assert.hpp>
#include <kodama/ring/decode.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

namespace {

// As PendingRequests: no allocation in most tests.
constexpr std::size_t descriptors_reserved = 4096;
constexpr std::size_t silent_reserved = 4096;

constexpr std::int32_t errno_max = 4095; // the largest that the kernel's interface can carry
constexpr std::size_t pieces_max = 1024; // of one message (UIO_MAXIOV)

constexpr std::uint16_t bit(PendingRequest::Kind kind) noexcept {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(kind));
}

template <class T> T const* memory_at(std::uint64_t address) noexcept {
    return reinterpret_cast<T const*>(address);
}

} // namespace

RingProtocol::RingProtocol(bool direct_descriptors) : direct_descriptors_(direct_descriptors) {
    direct_.reserve(direct_descriptors ? descriptors_reserved : 0);
    ordinary_.reserve(descriptors_reserved);
    silent_.reserve(silent_reserved);
}

RingProtocol::Descriptor& RingProtocol::at(int number, bool direct) {
    KODAMA_ASSERT(number >= 0);
    Descriptors& all = direct ? direct_ : ordinary_;
    auto const index = static_cast<std::size_t>(number);
    if (index >= all.size()) all.resize(index + 1);
    return all[index];
}

void RingProtocol::buffer_ring_registered(io_uring_buf const* entries, unsigned count,
                                          std::uint16_t group) {
    buffers_.add_group(entries, count, group);
}

void RingProtocol::buffer_ring_unregistered(std::uint16_t group) { buffers_.remove_group(group); }

void RingProtocol::accept_range_registered(unsigned count) {
    accept_range_ = static_cast<int>(count);
}

void RingProtocol::entering() { buffers_.read_new(pending_); }

// --- what the program hands in

void RingProtocol::submitted(io_uring_sqe const& entry) {
    // The ring asks for itself, and sees to the answer itself.
    if (entry.opcode == abi::op_fixed_fd_install && entry.user_data == Ring::own_user_data) return;
    PendingRequest request = decode(entry, direct_descriptors_);
    request.serial = ++last_serial_;
    protocol_rule(request.kind != Kind::receive || buffers_.has_group(request.group),
                  "the program receives from a group that is not registered", request);
    if (PendingRequest const* const other = pending_.find(request.user_data)) {
        // Nobody waits for the end of a connection that has no place, so all their closes share
        // one token (Operation::refuse). And a nop has no effect that could be mistaken for
        // another's.
        bool const interchangeable = request.kind == Kind::close || request.kind == Kind::nop;
        protocol_rule(interchangeable && other->kind == request.kind,
                      "the program uses a user_data that is in flight", request);
    }
    note_memory(entry, request);
    if (request.descriptor != PendingRequest::no_descriptor) begin_on_descriptor(request);
    if (request.place != PendingRequest::no_descriptor) begin_socket(request);
    pending_.add(request);
    if (request.silent) silent_.push_back({request.user_data, request.serial});
}

void RingProtocol::note_memory(io_uring_sqe const& entry, PendingRequest& request) {
    if (entry.opcode == IORING_OP_SEND) note_piece(entry.addr, entry.len, request);
    if (entry.opcode != IORING_OP_SENDMSG) return;
    auto const* const message = memory_at<msghdr>(entry.addr);
    bool const whole = message != nullptr && entry.len == 1 && message->msg_iov != nullptr &&
                       message->msg_iovlen > 0 && message->msg_iovlen <= pieces_max;
    protocol_rule(whole, "the program sends a message without pieces", request);
    for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
        iovec const& piece = message->msg_iov[i];
        note_piece(reinterpret_cast<std::uint64_t>(piece.iov_base), piece.iov_len, request);
    }
}

void RingProtocol::note_piece(std::uint64_t address, std::uint64_t size, PendingRequest& request) {
    protocol_rule(address != 0 && size > 0, "the program sends nothing", request);
    request.result_max += static_cast<std::int64_t>(size);
    buffers_.note_send(address, size, request);
}

void RingProtocol::begin_on_descriptor(PendingRequest& request) {
    Descriptor& descriptor = at(request.descriptor, request.direct);
    protocol_rule(!descriptor.closing, "the program uses a descriptor that it closes", request);
    protocol_rule(!request.direct || descriptor.open,
                  "the program uses a direct descriptor that is nobody's", request);
    protocol_rule((descriptor.in_flight & bit(request.kind)) == 0,
                  "the program has two requests of one kind in flight on a descriptor", request);
    check_connected(descriptor, request);
    switch (request.kind) {
    case Kind::send:
        protocol_rule(!descriptor.output_ended, "the program sends after FIN or reset", request);
        break;
    case Kind::shut_down:
        protocol_rule((descriptor.in_flight & bit(Kind::send)) == 0,
                      "the program sends a FIN while a send is in flight", request);
        descriptor.output_ended = true;
        break;
    case Kind::reset:
        descriptor.output_ended = true;
        break;
    case Kind::close:
        protocol_rule(descriptor.in_flight == 0,
                      "the program closes a descriptor while something is in flight on it",
                      request);
        descriptor.closing = true;
        descriptor.open = false;
        break;
    default:
        break;
    }
    descriptor.in_flight |= bit(request.kind);
    request.incarnation = descriptor.incarnation;
}

void RingProtocol::begin_socket(PendingRequest const& request) {
    Descriptor const& descriptor = at(request.place, true);
    bool const free = !descriptor.open && !descriptor.closing && descriptor.in_flight == 0;
    protocol_rule(free, "the program makes a socket where there is one", request);
    protocol_rule(request.place >= accept_range_ && accept_range_ != INT_MAX,
                  "the program makes a socket in a place that accept chooses from", request);
}

void RingProtocol::check_connected(Descriptor const& descriptor,
                                   PendingRequest const& request) const {
    if (request.kind == Kind::connect) {
        protocol_rule(descriptor.unconnected, "the program connects what is connected", request);
    } else if (request.kind != Kind::close) {
        protocol_rule(!descriptor.unconnected, "the program uses a socket that is not connected",
                      request);
    }
}

// --- what the kernel answers

void RingProtocol::completed(io_uring_cqe const& entry) {
    if (entry.user_data == Ring::own_user_data) return;
    PendingRequest const* const found = pending_.find(entry.user_data);
    protocol_rule(found != nullptr, "the kernel completes what is not in flight",
                  {.user_data = entry.user_data});
    PendingRequest const request = *found;
    check_result(entry, request);
    if (request.kind == Kind::receive) check_receive(entry, request);
    if (request.kind == Kind::accept && entry.res >= 0) hand_out(entry.res, request);
    if (request.kind == Kind::make_socket && entry.res >= 0) {
        hand_out(request.place != PendingRequest::no_descriptor ? request.place : entry.res,
                 request);
    }
    if (request.kind == Kind::connect && entry.res >= 0) {
        at(request.descriptor, request.direct).unconnected = false;
    }
    if ((entry.flags & IORING_CQE_F_MORE) == 0) end(request);
}

void RingProtocol::caught_up() {
    for (Silent const& silent : silent_) {
        PendingRequest const* const found = pending_.find(silent.user_data);
        if (found != nullptr && found->serial == silent.serial) end(PendingRequest(*found));
    }
    silent_.clear();
}

void RingProtocol::check_result(io_uring_cqe const& entry, PendingRequest const& request) const {
    protocol_rule(entry.res >= -errno_max, "the kernel reports an error that is none", request);
    protocol_rule(entry.res <= request.result_max, "the kernel reports more than was asked for",
                  request);
    protocol_rule(!request.silent || entry.res < request.result_max,
                  "the kernel completes a silent send that took all", request);
    bool const more = (entry.flags & IORING_CQE_F_MORE) != 0;
    protocol_rule(!more || request.multishot,
                  "the kernel promises more of a request that is not multishot", request);
    protocol_rule(!more || entry.res >= 0, "the kernel promises more after an error", request);
    bool const brings_buffer = (entry.flags & IORING_CQE_F_BUFFER) != 0;
    protocol_rule(!brings_buffer || request.kind == Kind::receive,
                  "the kernel brings a buffer with something else than a receive", request);
}

void RingProtocol::check_receive(io_uring_cqe const& entry, PendingRequest const& request) {
    bool const more = (entry.flags & IORING_CQE_F_MORE) != 0;
    protocol_rule(!more || entry.res > 0, "the kernel promises more after the end of the data",
                  request);
    if ((entry.flags & IORING_CQE_F_BUFFER) == 0) {
        protocol_rule(entry.res <= 0, "the kernel brings data without a buffer", request);
        return;
    }
    // Whatever the result is: Linux 6.1 sends a buffer along with EAGAIN.
    auto const id = static_cast<std::uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
    std::int64_t const size = buffers_.take_back(request.group, id);
    protocol_rule(entry.res <= size, "the kernel brings more data than the buffer has room for",
                  request);
}

void RingProtocol::hand_out(int descriptor, PendingRequest const& request) {
    Descriptor& handed_out = at(descriptor, direct_descriptors_);
    // The close that gave it back may be in flight still, as far as the program can see.
    bool const idle = (handed_out.in_flight & ~bit(Kind::close)) == 0;
    protocol_rule(!handed_out.open && idle, "the kernel hands out a descriptor that is in use",
                  request);
    bool const accepted = request.kind == Kind::accept;
    protocol_rule(!accepted || !direct_descriptors_ || descriptor < accept_range_,
                  "the kernel accepts out of its range", request);
    handed_out = {
        .incarnation = handed_out.incarnation + 1, .open = true, .unconnected = !accepted};
}

void RingProtocol::end(PendingRequest const& request) {
    pending_.remove(request.user_data);
    if (request.descriptor == PendingRequest::no_descriptor) return;
    Descriptor& descriptor = at(request.descriptor, request.direct);
    if (descriptor.incarnation != request.incarnation) return; // another socket's by now
    descriptor.in_flight &= static_cast<std::uint16_t>(~bit(request.kind));
    if (request.kind != Kind::close) return;
    descriptor.closing = false;
    descriptor.output_ended = false;
    descriptor.unconnected = false;
}

} // namespace kodama
