#include <kodama/ring/decode.hpp>

#include <climits>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kodama/ring/ring.hpp>

namespace kodama {

namespace {

using Kind = PendingRequest::Kind;

constexpr std::uint32_t wake_read_size = 8; // what an eventfd takes, exactly

void decode_read(io_uring_sqe const& entry, PendingRequest& request) {
    request.kind = Kind::read;
    request.result_max = entry.len;
    bool const whole = entry.addr != 0 && entry.len == wake_read_size;
    protocol_rule(whole, "the program reads from something else than its wake descriptor", request);
}

void decode_accept(io_uring_sqe const& entry, bool direct_descriptors, PendingRequest& request) {
    request.kind = Kind::accept;
    request.multishot = (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0;
    request.result_max = INT_MAX;
    bool const into_table = entry.file_index == IORING_FILE_INDEX_ALLOC;
    protocol_rule(into_table == direct_descriptors, "the program accepts into the wrong table",
                  request);
}

void decode_receive(io_uring_sqe const& entry, PendingRequest& request) {
    request.kind = Kind::receive;
    request.multishot = (entry.ioprio & IORING_RECV_MULTISHOT) != 0;
    request.group = entry.buf_group;
    request.result_max = entry.len != 0 ? entry.len : INT_MAX;
    bool const selects = (entry.flags & IOSQE_BUFFER_SELECT) != 0;
    protocol_rule(selects, "the program receives into memory of its own", request);
}

void decode_send(io_uring_sqe const& entry, PendingRequest& request) {
    request.kind = Kind::send;
    request.silent = (entry.flags & IOSQE_CQE_SKIP_SUCCESS) != 0;
    // Only such a send ends before the call that submits it, and only such a one tells of a part.
    constexpr unsigned quick_and_whole = MSG_DONTWAIT | MSG_WAITALL;
    bool const sound = request.silent
                           ? entry.msg_flags == quick_and_whole
                           : (entry.msg_flags & ~static_cast<unsigned>(MSG_DONTWAIT)) == 0;
    protocol_rule(sound, "the program sends with flags that do not fit its completion", request);
}

void decode_socket(io_uring_sqe const& entry, bool direct_descriptors, PendingRequest& request) {
    request.kind = Kind::make_socket;
    // Here the entry has the family, of which there is no descriptor yet.
    request.descriptor = PendingRequest::no_descriptor;
    request.result_max = direct_descriptors ? 0 : INT_MAX;
    unsigned const type = SOCK_STREAM | (direct_descriptors ? 0u : unsigned{SOCK_CLOEXEC});
    bool const tcp = (entry.fd == AF_INET || entry.fd == AF_INET6) && entry.off == type &&
                     entry.len == 0 && entry.addr == 0;
    protocol_rule(tcp, "the program makes a socket that is not for TCP", request);
    bool const named = entry.file_index != 0 && entry.file_index != IORING_FILE_INDEX_ALLOC;
    protocol_rule(direct_descriptors ? named : entry.file_index == 0,
                  "the program makes a socket in the wrong table", request);
    if (named) request.place = static_cast<int>(entry.file_index - 1);
}

std::uint64_t length_of_address(int family) noexcept {
    return family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

// To an address, or to none, which undoes a connection.
void decode_connect(io_uring_sqe const& entry, PendingRequest& request) {
    request.kind = Kind::connect;
    protocol_rule(entry.addr != 0 && entry.off >= sizeof(sa_family_t),
                  "the program connects to no address", request);
    int const family = reinterpret_cast<sockaddr const*>(entry.addr)->sa_family;
    if (family == AF_UNSPEC) {
        request.kind = Kind::reset;
        return;
    }
    bool const whole =
        (family == AF_INET || family == AF_INET6) && entry.off == length_of_address(family);
    protocol_rule(whole, "the program connects to an address that is none", request);
}

void decode_close(io_uring_sqe const& entry, bool direct_descriptors, PendingRequest& request) {
    request.kind = Kind::close;
    protocol_rule(!request.direct, "the program names what it closes as a fixed file", request);
    if (entry.file_index == 0) return;
    protocol_rule(direct_descriptors, "the program closes a direct descriptor without having any",
                  request);
    protocol_rule(entry.fd == 0, "the program closes a direct and an ordinary descriptor in one",
                  request);
    request.direct = true;
    request.descriptor = static_cast<int>(entry.file_index - 1);
}

void check_flags(io_uring_sqe const& entry, bool direct_descriptors,
                 PendingRequest const& request) {
    bool const of_connection = request.kind == Kind::receive || request.kind == Kind::send ||
                               request.kind == Kind::shut_down || request.kind == Kind::reset ||
                               request.kind == Kind::connect;
    unsigned expected = 0;
    if (of_connection && direct_descriptors) expected |= IOSQE_FIXED_FILE;
    if (request.kind == Kind::receive) expected |= IOSQE_BUFFER_SELECT;
    if (request.silent) expected |= IOSQE_CQE_SKIP_SUCCESS;
    protocol_rule(entry.flags == expected,
                  "the program sets other flags than those of the operation", request);
    unsigned priority = 0;
    if (request.multishot) {
        priority = request.kind == Kind::accept ? IORING_ACCEPT_MULTISHOT : IORING_RECV_MULTISHOT;
    }
    protocol_rule(entry.ioprio == priority, "the program sets an unknown ioprio", request);
    bool const on_descriptor = request.kind != Kind::nop && request.kind != Kind::cancel &&
                               request.kind != Kind::make_socket;
    protocol_rule(!on_descriptor || request.descriptor >= 0, "the program names no descriptor",
                  request);
}

} // namespace

PendingRequest decode(io_uring_sqe const& entry, bool direct_descriptors) {
    PendingRequest request;
    request.user_data = entry.user_data;
    protocol_rule(request.user_data != Ring::own_user_data,
                  "the program uses the user_data of the ring", request);
    request.descriptor = entry.fd;
    request.direct = (entry.flags & IOSQE_FIXED_FILE) != 0;
    switch (entry.opcode) {
    case IORING_OP_NOP:
        request.kind = Kind::nop;
        request.descriptor = PendingRequest::no_descriptor;
        break;
    case IORING_OP_READ:
        decode_read(entry, request);
        break;
    case IORING_OP_ACCEPT:
        decode_accept(entry, direct_descriptors, request);
        break;
    case IORING_OP_RECV:
        decode_receive(entry, request);
        break;
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
        decode_send(entry, request);
        break;
    case IORING_OP_SHUTDOWN:
        request.kind = Kind::shut_down;
        protocol_rule(entry.len == SHUT_WR, "the program shuts down more than its output", request);
        break;
    case IORING_OP_CONNECT:
        decode_connect(entry, request);
        break;
    case IORING_OP_SOCKET:
        decode_socket(entry, direct_descriptors, request);
        break;
    case IORING_OP_CLOSE:
        decode_close(entry, direct_descriptors, request);
        break;
    case IORING_OP_ASYNC_CANCEL:
        request.kind = Kind::cancel;
        request.descriptor = PendingRequest::no_descriptor;
        protocol_rule(entry.cancel_flags == 0, "the program cancels other than by user_data",
                      request);
        break;
    default:
        protocol_rule(false,
                      ("the program asks for operation " + std::to_string(entry.opcode)).c_str(),
                      request);
    }
    check_flags(entry, direct_descriptors, request);
    return request;
}

} // namespace kodama
