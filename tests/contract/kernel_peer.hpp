// The other side of the kernel's ring: a listening socket and clients on loopback.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <kodama/base/address.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>
#include <support/eventually.hpp>

namespace kodama::testing {

inline void require_call(bool worked, char const* call) {
    if (!worked) throw std::runtime_error(describe_error(call, errno));
}

inline Address own_address(int socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    require_call(::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) == 0,
                 "getsockname");
    return Address::from(storage);
}

// Without DEFER_TASKRUN a ring works on completions whenever its thread is in the kernel, and so
// interrupts what the thread waits for there.
template <class Call> auto despite_interruptions(Call&& call) {
    auto result = call();
    while (result < 0 && errno == EINTR)
        result = call();
    return result;
}

// A client. Its calls block, but never for longer than a test is patient.
class KernelPeer {
public:
    explicit KernelPeer(Address const& server)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_storage storage{};
        socklen_t const length = server.to(storage);
        timeval const limit{.tv_sec = patience.count(), .tv_usec = 0};
        set(SOL_SOCKET, SO_RCVTIMEO, limit);
        set(SOL_SOCKET, SO_SNDTIMEO, limit);
        set(IPPROTO_TCP, TCP_NODELAY, 1);
        int const connected =
            ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length);
        require_call(connected == 0 || (errno == EINTR && wait_until_connected()), "connect");
    }

    // The other end of a connection that a ring has made.
    explicit KernelPeer(UniqueFd accepted) : socket_(std::move(accepted)) {}

    void send(std::string_view text) {
        while (!text.empty()) {
            ssize_t const count = despite_interruptions(
                [&] { return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL); });
            require_call(count > 0, "send");
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    // The last bytes and the FIN in one segment.
    void send_and_finish(std::string_view text) {
        set(IPPROTO_TCP, TCP_CORK, 1);
        send(text);
        finish();
    }

    void finish() { require_call(::shutdown(socket_.get(), SHUT_WR) == 0, "shutdown"); }

    void reset() {
        set(SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
        socket_.reset();
    }

    // Closes its end.
    void leave() { socket_.reset(); }

    // As many bytes as asked for, or fewer before the end.
    std::string receive(std::size_t size) {
        std::string text(size, '\0');
        std::size_t have = 0;
        while (have < size) {
            ssize_t const count = receive_some(text.data() + have, size - have);
            require_call(count >= 0, "recv");
            if (count == 0) break;
            have += static_cast<std::size_t>(count);
        }
        text.resize(have);
        return text;
    }

    // What is there now.
    std::string receive_arrived() {
        std::string text(1 << 16, '\0');
        ssize_t const count = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
        require_call(count >= 0 || errno == EAGAIN, "recv");
        text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return text;
    }

    // 0 for a FIN, else the error; what comes before is thrown away.
    int receive_end() {
        char bytes[4096];
        ssize_t count = 0;
        do {
            count = receive_some(bytes, sizeof bytes);
        } while (count > 0);
        return count == 0 ? 0 : errno;
    }

    // Whether there is nothing to read, not even an end.
    [[nodiscard]] bool hears_nothing() const {
        pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        return ::poll(&readable, 1, 0) == 0;
    }

    [[nodiscard]] Address address() const { return own_address(socket_.get()); }

private:
    // An interrupted connect() goes on by itself.
    bool wait_until_connected() {
        pollfd writable{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
        int const limit = static_cast<int>(std::chrono::milliseconds(patience).count());
        if (despite_interruptions([&] { return ::poll(&writable, 1, limit); }) != 1) return false;
        int error = 0;
        socklen_t length = sizeof error;
        if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return false;
        errno = error;
        return error == 0;
    }

    ssize_t receive_some(char* bytes, std::size_t size) {
        return despite_interruptions([&] { return ::recv(socket_.get(), bytes, size, 0); });
    }

    template <class T> void set(int level, int option, T const& value) {
        require_call(::setsockopt(socket_.get(), level, option, &value, sizeof value) == 0,
                     "setsockopt");
    }

    UniqueFd socket_;
};

class KernelListener {
public:
    KernelListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_storage storage{};
        socklen_t const length = Address::ipv4({127, 0, 0, 1}, 0).to(storage);
        require_call(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0,
                     "bind");
        require_call(::listen(socket_.get(), 128) == 0, "listen");
        address_ = own_address(socket_.get());
    }

    [[nodiscard]] int descriptor() const { return socket_.get(); }

    [[nodiscard]] int release() { return socket_.release(); }

    // It listens no longer, and stays a socket.
    void shut_down() { require_call(::shutdown(socket_.get(), SHUT_RDWR) == 0, "shutdown"); }

    [[nodiscard]] Address address() const { return address_; }

    [[nodiscard]] KernelPeer accept() {
        UniqueFd accepted(despite_interruptions(
            [&] { return ::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC); }));
        require_call(static_cast<bool>(accepted), "accept4");
        return KernelPeer(std::move(accepted));
    }

    // The kernel completes the connection before anybody accepts it.
    [[nodiscard]] KernelPeer connect() const { return KernelPeer(address_); }

    // Whether somebody who connects and leaves does so without having to wait.
    [[nodiscard]] bool connects_at_once() const {
        UniqueFd const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_storage storage{};
        socklen_t const length = address_.to(storage);
        static_cast<void>(::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length));
        tcp_info state{};
        socklen_t size = sizeof state;
        require_call(::getsockopt(socket.get(), IPPROTO_TCP, TCP_INFO, &state, &size) == 0,
                     "getsockopt");
        return state.tcpi_state == TCP_ESTABLISHED;
    }

private:
    UniqueFd socket_;
    Address address_;
};

} // namespace kodama::testing
