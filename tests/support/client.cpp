#include <support/client.hpp>

#include <array>
#include <cerrno>
#include <vector>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <kodama/base/error.hpp>

namespace kodama::testing {

namespace {

template <class T> void set_option(int socket, int level, int name, T const& value) {
    if (::setsockopt(socket, level, name, &value, sizeof value) != 0) {
        throw ClientError("setsockopt", errno);
    }
}

Descriptor stream_socket(Address const& server) {
    int const family = server.family() == AddressFamily::ipv6 ? AF_INET6 : AF_INET;
    Descriptor socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket.is_open()) throw ClientError("socket", errno);
    return socket;
}

bool becomes_writable(int socket, std::chrono::milliseconds deadline) {
    pollfd writable{.fd = socket, .events = POLLOUT, .revents = 0};
    int ready = 0;
    do {
        ready = ::poll(&writable, 1, static_cast<int>(deadline.count()));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

int connect_to(int socket, Address const& server) {
    sockaddr_storage storage{};
    socklen_t const length = server.to(storage);
    int const result = ::connect(socket, reinterpret_cast<sockaddr const*>(&storage), length);
    if (result == 0) return 0;
    if (errno != EINTR) return errno;
    // An interrupted connect goes on by itself. Without a signal handler it happens because a ring
    // that this thread has used is torn down, which the kernel tells the thread like a signal.
    if (!becomes_writable(socket, patience)) return EAGAIN;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

} // namespace

ClientError::ClientError(std::string const& what, int error_number)
    : std::runtime_error(error_number == EAGAIN ? what + ": nothing happened before the deadline"
                         : error_number == 0    ? what
                                                : describe_error(what, error_number)),
      error_number_(error_number) {}

Client::Client(Address const& server, ClientOptions options) : socket_(stream_socket(server)) {
    int const socket = socket_.get();
    timeval const timeout{.tv_sec = options.timeout.count(), .tv_usec = 0};
    set_option(socket, SOL_SOCKET, SO_RCVTIMEO, timeout);
    set_option(socket, SOL_SOCKET, SO_SNDTIMEO, timeout);
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    // The window's scale is agreed on while connecting, so the sizes are set before.
    if (options.receive_buffer > 0) {
        set_option(socket, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
    }
    if (options.send_buffer > 0) set_option(socket, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
    int const error = connect_to(socket, server);
    if (error != 0) throw ClientError("connect to " + server.to_string(), error);
}

void Client::send_all(std::span<std::byte const> bytes, int flags) {
    while (!bytes.empty()) {
        auto const sent = ::send(socket_.get(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) throw ClientError("send", errno);
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
}

void Client::send_all(std::string_view text, int flags) {
    send_all(std::as_bytes(std::span(text)), flags);
}

std::size_t Client::send_some(std::span<std::byte const> bytes) {
    int const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    auto const sent = ::send(socket_.get(), bytes.data(), bytes.size(), flags);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EINTR) return 0;
    throw ClientError("send", errno);
}

bool Client::await_writable(std::chrono::milliseconds deadline) const {
    return becomes_writable(socket_.get(), deadline);
}

std::size_t Client::receive_some(std::span<std::byte> bytes) {
    for (;;) {
        auto const received = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (received >= 0) return static_cast<std::size_t>(received);
        if (errno != EINTR) throw ClientError("receive", errno);
    }
}

void Client::receive_exactly(std::span<std::byte> bytes) {
    std::size_t const wanted = bytes.size();
    while (!bytes.empty()) {
        std::size_t const received = receive_some(bytes);
        if (received == 0) {
            throw ClientError("FIN after " + std::to_string(wanted - bytes.size()) + " of " +
                                  std::to_string(wanted) + " bytes",
                              0);
        }
        bytes = bytes.subspan(received);
    }
}

std::string Client::receive_exactly(std::size_t count) {
    std::string text(count, '\0');
    receive_exactly(std::as_writable_bytes(std::span(text)));
    return text;
}

std::string Client::receive_until_fin() {
    std::string text;
    std::vector<std::byte> piece(64 * 1024);
    while (std::size_t const received = receive_some(piece)) {
        text.append(reinterpret_cast<char const*>(piece.data()), received);
    }
    return text;
}

void Client::expect_fin() {
    std::array<std::byte, 1> byte{};
    if (receive_some(byte) != 0) throw ClientError("a byte came instead of the FIN", 0);
}

int Client::discard_until_end() {
    std::vector<std::byte> piece(64 * 1024);
    try {
        while (receive_some(piece) != 0) {
        }
        return 0;
    } catch (ClientError const& error) {
        if (error.error_number() == EAGAIN) throw;
        return error.error_number();
    }
}

void Client::shut_down_sending() {
    if (::shutdown(socket_.get(), SHUT_WR) != 0) throw ClientError("shutdown", errno);
}

void Client::reset() {
    set_option(socket_.get(), SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    socket_.close();
}

Address Client::local_address() const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
        throw ClientError("getsockname", errno);
    }
    return Address::from(storage);
}

std::size_t Client::unacknowledged() const {
    int count = 0;
    if (::ioctl(socket_.get(), SIOCOUTQ, &count) != 0) throw ClientError("SIOCOUTQ", errno);
    return static_cast<std::size_t>(count);
}

void Client::await_arrival() const {
    eventually("the server's kernel acknowledges all bytes",
               [this] { return unacknowledged() == 0; });
}

int connect_error(Address const& server) {
    Descriptor const socket = stream_socket(server);
    return connect_to(socket.get(), server);
}

Address loopback(std::uint16_t port) { return Address::ipv4({127, 0, 0, 1}, port); }

} // namespace kodama::testing
