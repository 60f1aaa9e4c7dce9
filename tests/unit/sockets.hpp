// Sockets as other programs make them, for the tests of listening.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kodama/base/address.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/net/listening_socket.hpp>
#include <support/catch.hpp>

namespace kodama::testing {

using namespace std::chrono_literals;

inline constexpr ListenOptions listen_options{.backlog = 128};

inline UniqueFd new_socket(Address const& address) {
    int const family = address.family() == AddressFamily::ipv6 ? AF_INET6 : AF_INET;
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

inline int option_of(UniqueFd const& socket, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    CHECK(::getsockopt(socket.get(), level, option, &value, &length) == 0);
    return value;
}

inline Address own_address(UniqueFd const& socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    CHECK(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) == 0);
    return Address::from(storage);
}

inline int connect_to(UniqueFd const& socket, Address const& address) {
    sockaddr_storage storage{};
    socklen_t const length = address.to(storage);
    return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0 ? 0 : errno;
}

// What another program may have done to its socket.
struct Habits {
    bool reuse_address = false;
    bool reuse_port = false;
    bool listens = true;
};

// Another program's socket. The kernel makes no difference between ours and another process's,
// as long as the user is the same.
inline UniqueFd other_program(Address const& address, Habits habits) {
    UniqueFd socket = new_socket(address);
    int const on = 1;
    if (habits.reuse_address) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (habits.reuse_port) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (address.family() == AddressFamily::ipv6) {
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    sockaddr_storage storage{};
    socklen_t const length = address.to(storage);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) socket.reset();
    if (habits.listens && socket && ::listen(socket.get(), 1) != 0) socket.reset();
    return socket;
}

inline Address loopback(std::uint16_t port = 0) { return Address::ipv4({127, 0, 0, 1}, port); }

inline Address loopback6(std::uint16_t port = 0) {
    std::array<std::uint8_t, 16> bytes{};
    bytes.back() = 1;
    return Address::ipv6(bytes, port);
}

inline bool has_ipv6() { return static_cast<bool>(other_program(loopback6(), {})); }

inline std::string refusal(Endpoint const& endpoint, std::size_t workers = 1) {
    try {
        static_cast<void>(listen_on(endpoint, workers, listen_options, 0s));
    } catch (SetupError const& error) {
        CHECK(error.kind() == SetupError::Kind::refused);
        return error.what();
    }
    return "listening";
}

} // namespace kodama::testing
