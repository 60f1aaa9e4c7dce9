#include <bench/harness/sockets.hpp>

#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace kodama::bench {

namespace {

bool set_flag(int socket, int level, int name) noexcept {
    int const on = 1;
    return ::setsockopt(socket, level, name, &on, sizeof on) == 0;
}

bool set_congestion(int socket, std::string const& name) noexcept {
    auto const length = static_cast<socklen_t>(name.size());
    return ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), length) == 0;
}

// With IP_BIND_ADDRESS_NO_PORT the port is chosen while connecting, when the other end is known: a
// port that another connection to elsewhere uses, or one in TIME_WAIT, is then no obstacle.
bool bind_source(int socket, Address const& source) noexcept {
    sockaddr_storage storage{};
    socklen_t const length = source.to(storage);
    return set_flag(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) &&
           ::bind(socket, reinterpret_cast<sockaddr const*>(&storage), length) == 0;
}

int stream_socket(AddressFamily family) noexcept {
    int const domain = family == AddressFamily::ipv6 ? AF_INET6 : AF_INET;
    return ::socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

} // namespace

Connecting start_connecting(Address const& target, SocketOptions const& options) {
    UniqueFd socket(stream_socket(target.family()));
    int const fd = socket.get();
    bool const ready = socket && set_flag(fd, IPPROTO_TCP, TCP_NODELAY) &&
                       (options.congestion.empty() || set_congestion(fd, options.congestion)) &&
                       (!options.source || bind_source(fd, *options.source));
    if (!ready) return {.socket = {}, .error = errno};
    sockaddr_storage storage{};
    socklen_t const length = target.to(storage);
    if (::connect(fd, reinterpret_cast<sockaddr const*>(&storage), length) != 0 &&
        errno != EINPROGRESS && errno != EINTR) {
        return {.socket = {}, .error = errno};
    }
    return {.socket = std::move(socket)};
}

int socket_error(int socket) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

bool accepts(Address const& target, std::chrono::nanoseconds timeout) {
    Connecting const connecting = start_connecting(target, {});
    if (connecting.error != 0) return false;
    pollfd writable{.fd = connecting.socket.get(), .events = POLLOUT, .revents = 0};
    auto const wait = std::chrono::ceil<std::chrono::milliseconds>(timeout);
    return ::poll(&writable, 1, static_cast<int>(wait.count())) == 1 &&
           socket_error(connecting.socket.get()) == 0;
}

std::string congestion_of(int socket) {
    std::array<char, 17> name{}; // TCP_CA_NAME_MAX, and a NUL in any case
    socklen_t length = name.size() - 1;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0) return {};
    return name.data();
}

std::string congestion_available(std::string const& name) {
    UniqueFd const socket(stream_socket(AddressFamily::ipv4));
    if (!socket || (!name.empty() && !set_congestion(socket.get(), name))) return {};
    return congestion_of(socket.get());
}

} // namespace kodama::bench
