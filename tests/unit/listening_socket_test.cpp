#include <kodama/net/listening_socket.hpp>

#include <fstream>
#include <future>
#include <set>
#include <string>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockets.hpp"

using namespace std::chrono_literals;
using kodama::listen_on;
using kodama::ListeningSockets;
using kodama::UniqueFd;
using namespace kodama::testing;

namespace {

std::size_t pending_on(UniqueFd const& socket) {
    std::size_t count = 0;
    for (;;) {
        pollfd poll_fd{.fd = socket.get(), .events = POLLIN, .revents = 0};
        if (::poll(&poll_fd, 1, 0) != 1) return count;
        UniqueFd const accepted(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!accepted) return count;
        CHECK(option_of(accepted, IPPROTO_TCP, TCP_NODELAY) == 1);
        ++count;
    }
}

// The limit of descriptors, lowered for as long as this lives.
class FewerDescriptors {
public:
    explicit FewerDescriptors(rlim_t limit) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit lowered = before_;
        lowered.rlim_cur = limit;
        ::setrlimit(RLIMIT_NOFILE, &lowered);
    }

    FewerDescriptors(FewerDescriptors const&) = delete;
    FewerDescriptors& operator=(FewerDescriptors const&) = delete;

    ~FewerDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("each worker gets a listening socket on the same address and port") {
    std::vector<ListeningSockets> const bound = listen_on({"127.0.0.1", 0}, 4, listen_options);
    REQUIRE(bound.size() == 1);
    CHECK(bound[0].address.port() != 0);
    CHECK(bound[0].address == loopback(bound[0].address.port()));
    REQUIRE(bound[0].sockets.size() == 4);
    std::set<int> descriptors;
    for (UniqueFd const& socket : bound[0].sockets) {
        CHECK(descriptors.insert(socket.get()).second);
        CHECK(own_address(socket) == bound[0].address);
        CHECK(option_of(socket, SOL_SOCKET, SO_ACCEPTCONN) == 1);
        CHECK(option_of(socket, SOL_SOCKET, SO_REUSEADDR) == 1);
        CHECK(option_of(socket, SOL_SOCKET, SO_REUSEPORT) == 1);
        CHECK(option_of(socket, IPPROTO_TCP, TCP_NODELAY) == 1);
        CHECK((::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
}

TEST_CASE("port 0 of localhost is one port on both loopback addresses") {
    std::vector<ListeningSockets> const bound = listen_on({"localhost", 0}, 2, listen_options);
    REQUIRE(bound.size() == (has_ipv6() ? 2 : 1));
    std::uint16_t const port = bound[0].address.port();
    CHECK(port != 0);
    CHECK(bound[0].address == loopback(port));
    for (ListeningSockets const& each : bound) {
        CHECK(each.address.port() == port);
        CHECK(each.sockets.size() == 2);
        CHECK(connect_to(new_socket(each.address), each.address) == 0);
    }
}

TEST_CASE("all addresses of both families share a port without taking each other's") {
    std::vector<ListeningSockets> const bound = listen_on({"*", 0}, 1, listen_options);
    REQUIRE(bound.size() == (has_ipv6() ? 2 : 1));
    std::uint16_t const port = bound[0].address.port();
    CHECK(connect_to(new_socket(loopback()), loopback(port)) == 0);
    if (bound.size() == 1) return;
    CHECK(option_of(bound[1].sockets[0], IPPROTO_IPV6, IPV6_V6ONLY) == 1);
    CHECK(connect_to(new_socket(loopback6()), loopback6(port)) == 0);
    CHECK(pending_on(bound[0].sockets[0]) == 1);
    CHECK(pending_on(bound[1].sockets[0]) == 1);
}

TEST_CASE("the kernel spreads connections over the sockets of all workers") {
    std::vector<ListeningSockets> const bound = listen_on({"127.0.0.1", 0}, 3, listen_options);
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 120; ++i) {
        clients.push_back(new_socket(bound[0].address));
        REQUIRE(connect_to(clients.back(), bound[0].address) == 0);
    }
    std::size_t sum = 0;
    for (UniqueFd const& socket : bound[0].sockets) {
        std::size_t const count = pending_on(socket);
        CHECK(count > 0); // All 120 pass by one of three once in 10^21 runs.
        sum += count;
    }
    CHECK(sum == 120);
}

TEST_CASE("a server can listen again while connections of its predecessor are in TIME_WAIT") {
    auto bound = listen_on({"127.0.0.1", 0}, 1, listen_options);
    kodama::Address const address = bound[0].address;
    UniqueFd client = new_socket(address);
    REQUIRE(connect_to(client, address) == 0);
    {
        UniqueFd const accepted(::accept(bound[0].sockets[0].get(), nullptr, nullptr));
        REQUIRE(accepted);
    }
    // The server closed first, so its end of the connection waits.
    char byte = 0;
    CHECK(::recv(client.get(), &byte, 1, 0) == 0);
    client.reset();
    bound.clear();
    CHECK(listen_on({"127.0.0.1", address.port()}, 1, listen_options, 0s).size() == 1);
}

TEST_CASE("an address that this machine does not have is refused with a remedy") {
    // RFC 5737: documentation only, so on no machine.
    std::string const message = refusal({"192.0.2.1", 0});
    CHECK_THAT(message, contains_text("cannot listen on 192.0.2.1:0: "));
    CHECK_THAT(message, contains_text("this machine does not have that address"));
    CHECK_THAT(message, contains_text("--listen"));
}

TEST_CASE("a privileged port is refused to others with a remedy") {
    int first_unprivileged = 0;
    std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first_unprivileged;
    if (first_unprivileged <= 1) KODAMA_SKIP("no port is privileged here");
    // The system call gives up the rights of this thread only; the C library would of all.
    auto message = std::async(std::launch::async, [] {
        constexpr long unchanged = -1;
        constexpr long nobody = 65534;
        if (::geteuid() == 0) ::syscall(SYS_setresuid, unchanged, nobody, unchanged);
        return refusal({"127.0.0.1", 1});
    });
    std::string const text = message.get();
    CHECK(text == "cannot listen on 127.0.0.1:1: Permission denied; choose a port from "
                  "net.ipv4.ip_unprivileged_port_start on (usually 1024), or run with "
                  "CAP_NET_BIND_SERVICE");
}

TEST_CASE("a limit of descriptors that is too low is refused with a remedy") {
    FewerDescriptors const limit(16);
    std::string const message = refusal({"127.0.0.1", 0}, 64);
    CHECK_THAT(message, contains_text("cannot listen on 127.0.0.1:"));
    CHECK_THAT(message, contains_text("ulimit -n"));
    CHECK(message.find('\n') == std::string::npos);
}
