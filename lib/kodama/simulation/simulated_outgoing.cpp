// Connections that the program makes: a socket, and where it is connected to.
#include <kodama/simulation/simulated_ring.hpp>

#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

constexpr std::array socket_errors{EMFILE, ENFILE, ENOBUFS, ENOMEM};
// The last is told when nobody has answered for as long as TCP is patient.
constexpr std::array connect_errors{ECONNREFUSED, EHOSTUNREACH,  ENETUNREACH,
                                    ECONNRESET,   EADDRNOTAVAIL, ETIMEDOUT};
constexpr auto patience_of_tcp = std::chrono::minutes(2);

} // namespace

void SimulatedRing::make_socket(Request& request) noexcept {
    if (std::uint32_t const which =
            tape_.draw(Choice::socket_fails, whole_run, socket_errors.size())) {
        sometimes_.note(Sometimes::socket_failed);
        return post(request.user_data, -socket_errors[which - 1], 0);
    }
    if (!request.direct && ordinary_.full()) {
        sometimes_.note(Sometimes::descriptors_used_up);
        return post(request.user_data, -EMFILE, 0);
    }
    ++progress_;
    ConnectionNumber const connection = network_.make_socket(whole_run, outgoing_windows_);
    if (!request.direct) return post(request.user_data, *ordinary_.take(connection), 0);
    direct_.take_place(request.descriptor, connection);
    post(request.user_data, 0, 0);
}

int SimulatedRing::register_accept_range(unsigned count) noexcept {
    if (count > static_cast<unsigned>(direct_.count())) return -EOVERFLOW;
    direct_.choose_among(count);
    if (protocol_) protocol_->accept_range_registered(count);
    return 0;
}

void SimulatedRing::set_up_outgoing(int /*descriptor*/,
                                    std::chrono::nanoseconds send_timeout) noexcept {
    send_timeout_ = send_timeout;
}

// Somebody is wherever one connects to, with two exceptions: nobody listens on port 1 (tcpmux), as
// almost everywhere; and who has stopped arrivals on a listening socket, of which the descriptor is
// the port, does not answer.
int SimulatedRing::answer_of(std::uint64_t address) noexcept {
    sockaddr_storage storage{};
    auto const* const to = reinterpret_cast<sockaddr const*>(address);
    std::memcpy(&storage, to,
                to->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    std::uint16_t const port = Address::from(storage).port();
    if (port == 1) return ECONNREFUSED;
    ListeningSocket const* const listener = network_.listener(port);
    return listener != nullptr && listener->arrivals_stopped ? ETIMEDOUT : 0;
}

// The answer comes later, as it does on every network; which, is known now.
void SimulatedRing::begin_to_connect(Request& request) noexcept {
    Subject const subject = socket_of(request).subject;
    if (std::uint32_t const which =
            tape_.draw(Choice::connect_fails, subject, connect_errors.size())) {
        request.error = connect_errors[which - 1];
    }
    if (int const error = answer_of(request.address)) request.error = error;
    Duration const patience = send_timeout_ > Duration::zero() ? send_timeout_ : patience_of_tcp;
    Duration const delay =
        request.error == ETIMEDOUT ? patience : delay_of(Choice::connect_late, subject);
    request.ready_at = now_ + delay;
    armed_.push_back(std::move(request));
}

void SimulatedRing::end_connect(Request const& request) noexcept {
    Socket& socket = socket_of(request);
    ++progress_;
    sometimes_.note(request.error == 0 ? Sometimes::connected : Sometimes::connect_failed);
    socket.begin(now_);
    network_.connect_outgoing(request.connection, request.error);
    post(request.user_data, -request.error, 0);
}

} // namespace kodama::simulation
