#include <bench/conform/connection.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench::conform {

namespace {

constexpr std::size_t read_size = 64 * 1024;

// A server that has taken nothing for so long has stopped reading.
constexpr std::chrono::milliseconds stillness{50};

// One thread reads for all connections.
std::array<std::byte, read_size> read_buffer;

std::string hex(std::byte value) {
    constexpr char const* digits = "0123456789abcdef";
    auto const number = std::to_integer<unsigned>(value);
    return {'0', 'x', digits[number >> 4], digits[number & 15]};
}

void set_option(UniqueFd const& socket, int level, int option, int value) {
    if (::setsockopt(socket.get(), level, option, &value, sizeof value) != 0) {
        throw std::system_error(errno, std::generic_category(), "setsockopt");
    }
}

} // namespace

Connection::Connection(Target const& target, Payload const& payload, std::uint64_t number,
                       SocketOptions const& options)
    : target_(&target),
      payload_(&payload),
      number_(number),
      send_position_(payload.position(number)),
      receive_position_(send_position_) {
    sockaddr_storage storage{};
    socklen_t const length = target.address.to(storage);
    socket_ = UniqueFd(
        ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket_) throw std::system_error(errno, std::generic_category(), "socket");
    set_option(socket_, IPPROTO_TCP, TCP_NODELAY, 1);
    // Before connecting, because it decides which windows are offered.
    if (options.receive_buffer != 0)
        set_option(socket_, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
    if (options.send_buffer != 0) set_option(socket_, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 &&
        errno != EINPROGRESS) {
        fail(describe_error("cannot connect", errno));
    }
}

void Connection::await_connected() {
    await(POLLOUT);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) fail(describe_error("cannot connect", error));
}

void Connection::send(std::size_t count) {
    for (std::uint64_t const end = sent_ + count; sent_ < end;) {
        if (send_now(end - sent_) == 0) await(POLLOUT);
    }
}

void Connection::receive(std::size_t count) {
    for (std::uint64_t const end = received_ + count; received_ < end;) {
        if (receive_now(end - received_) == 0) await(POLLIN);
    }
}

void Connection::fill(std::size_t limit) {
    std::uint64_t const end = sent_ + limit;
    while (sent_ < end && (send_now(end - sent_) > 0 || becomes(POLLOUT, stillness))) {
    }
}

void Connection::echo(std::size_t count) { echo_all({this, 1}, count); }

std::size_t Connection::send_now(std::size_t count) {
    auto const bytes = payload_->at(send_position_, std::min(count, Payload::contiguous));
    ssize_t const sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN || errno == EINTR) return 0;
        fail(describe_error("expected that " + std::to_string(count) + " bytes more can be sent",
                            errno));
    }
    auto const moved = static_cast<std::size_t>(sent);
    sent_ += moved;
    send_position_ = Payload::advanced(send_position_, moved);
    return moved;
}

std::size_t Connection::receive_now(std::size_t count) {
    std::span<std::byte> const room(read_buffer.data(), std::min(count, read_buffer.size()));
    auto const got = room.first(receive_into(room));
    if (auto const wrong = payload_->first_difference(receive_position_, got)) {
        fail_for_difference(*wrong, payload_->at(receive_position_, got.size()), got);
    }
    received_ += got.size();
    receive_position_ = Payload::advanced(receive_position_, got.size());
    return got.size();
}

void Connection::send_bytes(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
        ssize_t const sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
            sent_ += static_cast<std::size_t>(sent);
        } else if (errno == EAGAIN || errno == EINTR) {
            await(POLLOUT);
        } else {
            fail(describe_error("expected that it can be sent", errno));
        }
    }
}

void Connection::expect_bytes(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
        std::span<std::byte> const room(read_buffer.data(),
                                        std::min(bytes.size(), read_buffer.size()));
        auto const got = room.first(receive_into(room));
        if (got.empty()) await(POLLIN);
        auto const wrong = std::mismatch(got.begin(), got.end(), bytes.begin()).first - got.begin();
        if (static_cast<std::size_t>(wrong) < got.size()) {
            fail_for_difference(static_cast<std::size_t>(wrong), bytes, got);
        }
        received_ += got.size();
        bytes = bytes.subspan(got.size());
    }
}

void Connection::shut_down_sending() {
    if (::shutdown(socket_.get(), SHUT_WR) == 0) return;
    fail(describe_error("expected that the client's FIN can be sent", errno));
}

void Connection::expect_fin() {
    for (;;) {
        ssize_t const got = ::recv(socket_.get(), read_buffer.data(), read_buffer.size(), 0);
        if (got == 0) return;
        if (got > 0) {
            fail("expected the server's FIN, got " + std::to_string(got) +
                 " bytes more, the first of them " + hex(read_buffer[0]));
        }
        if (errno != EAGAIN && errno != EINTR) {
            fail(describe_error("expected the server's FIN, got an error", errno));
        }
        await(POLLIN);
    }
}

void Connection::reset() {
    linger const at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
}

void Connection::fail(std::string const& what) const {
    throw Failure("connection " + std::to_string(number_) + ", " + std::to_string(sent_) +
                  " bytes sent and " + std::to_string(received_) + " come back: " + what);
}

void Connection::fail_for_silence(short events) const {
    std::string const how_long = " for " + print_duration(target_->timeout);
    if ((events & POLLIN) != 0) fail("expected more bytes or a FIN, nothing came" + how_long);
    fail("expected that the server reads, it took nothing" + how_long);
}

bool Connection::becomes(short events, std::chrono::milliseconds timeout) const {
    pollfd one{.fd = socket_.get(), .events = events, .revents = 0};
    int ready = 0;
    do {
        ready = ::poll(&one, 1, static_cast<int>(timeout.count()));
    } while (ready < 0 && errno == EINTR);
    return ready != 0;
}

void Connection::await(short events) const {
    if (!becomes(events, target_->timeout)) fail_for_silence(events);
}

std::size_t Connection::receive_into(std::span<std::byte> bytes) {
    ssize_t const got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) fail("expected more bytes, got the server's FIN");
    if (errno == EAGAIN || errno == EINTR) return 0;
    fail(describe_error("expected more bytes, got an error", errno));
}

void Connection::fail_for_difference(std::size_t at, std::span<std::byte const> expected,
                                     std::span<std::byte const> got) const {
    fail("expected " + hex(expected[at]) + " at offset " + std::to_string(received_ + at) +
         ", got " + hex(got[at]));
}

} // namespace kodama::bench::conform
