// The binary `kodama`: what it prints, what it serves, and how it ends.
#include <support/catch.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kodama/ring/features.hpp>

#include <support/background.hpp>
#include <support/client.hpp>
#include <support/kodama_process.hpp>
#include <support/load.hpp>
#include <support/process_info.hpp>
#include <support/scale.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

bool has_ipv6_loopback() {
    Descriptor const socket{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    return ::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0;
}

Address loopback_v6(std::uint16_t port) {
    return Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

std::string hello(Address const& server) {
    Client client(server);
    client.send_all("hello");
    return client.receive_exactly(5);
}

// Sends, without ever reading, until the server takes no more.
void block(Client& client) {
    std::vector<std::byte> const piece(256 * 1024);
    eventually("the binary stops reading", [&] {
        while (client.send_some(piece) > 0) {
        }
        return !client.await_writable(std::chrono::milliseconds(200));
    });
}

int end(KodamaProcess& kodama, int signal = SIGTERM) {
    kodama.signal(signal);
    return kodama.wait();
}

} // namespace

TEST_CASE("the binary says what it listens on, and everything else on stderr") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    ChildProcess kodama(kodama_command({"--listen", "127.0.0.1:0", "--workers", "2"}));
    std::string const line = kodama.read_line();
    CHECK_THAT(line, contains_text("listening on 127.0.0.1:"));
    std::uint16_t const port =
        static_cast<std::uint16_t>(std::stoul(line.substr(line.find(':') + 1)));
    CHECK(line == "listening on 127.0.0.1:" + std::to_string(port));
    CHECK(hello(loopback(port)) == "hello");
    kodama.signal(SIGTERM);
    CHECK(kodama.wait() == 0);
    CHECK(kodama.output().empty());
    CHECK_THAT(kodama.errors(), contains_text("features"));
    CHECK_THAT(kodama.errors(), contains_text("2 workers"));
}

TEST_CASE("the binary echoes a thousand connections' bytes") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    raise_descriptor_limit();
    KodamaProcess kodama;
    std::size_t const sockets = open_sockets(kodama.pid()); // those that listen
    REQUIRE_NOTHROW(run({.server = loopback(kodama.port()),
                         .connections = scaled(1000),
                         .bytes = 50'000,
                         .in_flight_max = 25'000,
                         .seed = test_seed()}));
    eventually("its sockets are back to the starting count",
               [&] { return open_sockets(kodama.pid()) == sockets; });
    CHECK(end(kodama) == 0);
}

TEST_CASE("localhost is both loopback addresses with the same port") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!has_ipv6_loopback()) KODAMA_SKIP("this machine has no ::1");
    ChildProcess kodama(kodama_command({"--listen", "localhost:0"}));
    std::uint16_t const port = listening_port(kodama);
    CHECK(listening_port(kodama) == port);
    CHECK(hello(loopback(port)) == "hello");
    CHECK(hello(loopback_v6(port)) == "hello");
    kodama.signal(SIGTERM);
    CHECK(kodama.wait() == 0);
    CHECK(kodama.output().empty());
}

TEST_CASE("several endpoints are each announced and served") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    ChildProcess kodama(
        kodama_command({"--listen", "127.0.0.1:0", "--listen=127.0.0.2:0", "--workers=2"}));
    std::string const first = kodama.read_line();
    std::string const second = kodama.read_line();
    CHECK_THAT(first, contains_text("listening on 127.0.0.1:"));
    CHECK_THAT(second, contains_text("listening on 127.0.0.2:"));
    auto const port_of = [](std::string const& line) {
        return static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
    };
    CHECK(hello(loopback(port_of(first))) == "hello");
    CHECK(hello(Address::ipv4({127, 0, 0, 2}, port_of(second))) == "hello");
}

TEST_CASE("SIGTERM and SIGINT drain: clients get their bytes and FIN, the exit code is 0") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    int const signal = GENERATE(SIGTERM, SIGINT);
    INFO("signal " << signal);
    KodamaProcess kodama({"--workers", "2"});
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) {
        clients.emplace_back(loopback(kodama.port()));
        clients.back().send_all("hello");
        REQUIRE(clients.back().receive_exactly(5) == "hello");
        clients.back().send_all("last words");
        clients.back().await_arrival();
    }
    kodama.signal(signal);
    for (Client& client : clients) {
        REQUIRE(client.receive_until_fin() == "last words");
        client.close();
    }
    CHECK(kodama.wait() == 0);
    CHECK(connect_error(loopback(kodama.port())) == ECONNREFUSED);
    CHECK_THAT(kodama.errors(), !contains_text("reset"));
}

TEST_CASE("a SIGTERM right after the ready line drains too") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    for (std::size_t round = 0; round < scaled(40); ++round) {
        KodamaProcess kodama;
        REQUIRE(end(kodama) == 0);
    }
}

TEST_CASE("fault_O1: what is left at the drain timeout is reset, and stderr says how many") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess kodama({"--drain-timeout", "100ms"});
    Client deaf(loopback(kodama.port()), {.receive_buffer = 4096});
    REQUIRE_NOTHROW(block(deaf));
    CHECK(end(kodama) == 0);
    CHECK_THAT(kodama.errors(), contains_text("1 connection"));
    CHECK(deaf.discard_until_end() == ECONNRESET);
}

TEST_CASE("fault_O1: a second signal ends at once") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess kodama({"--drain-timeout", "1h"});
    Client deaf(loopback(kodama.port()), {.receive_buffer = 4096});
    REQUIRE_NOTHROW(block(deaf));
    kodama.signal(SIGTERM);
    eventually("the drain has begun",
               [&] { return connect_error(loopback(kodama.port())) == ECONNREFUSED; });
    CHECK(end(kodama, SIGINT) == 0);
    // How many is not said: whoever has just looked whether it drains may be among them.
    CHECK_THAT(kodama.errors(), contains_text("did not finish"));
    CHECK(deaf.discard_until_end() == ECONNRESET);
}

TEST_CASE("fault_A14, fault_Q8: killed under load, it starts again on the same port") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    std::string listen = "127.0.0.1:0";
    for (std::size_t round = 0; round < std::max<std::size_t>(scaled(50), 3); ++round) {
        INFO("round " << round << ", " << listen);
        KodamaProcess kodama({"--listen", listen, "--workers", "2"});
        Address const server = loopback(kodama.port());
        listen = server.to_string();
        Background load([&] { run({.server = server, .connections = 50, .bytes = 1u << 30}); });
        CHECK(hello(server) == "hello");
        CHECK(end(kodama, SIGKILL) == 128 + SIGKILL);
        CHECK_THROWS(load.join()); // it ends with a reset or an early FIN
    }
    KodamaProcess kodama({"--listen", listen});
    CHECK(hello(loopback(kodama.port())) == "hello");
    CHECK(end(kodama) == 0);
}

TEST_CASE("the binary serves without each feature, and without all of them") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    std::vector<std::vector<std::string>> masks{{"--disable", FeatureSet::all().to_string()}};
    for (Feature const feature : all_features) {
        masks.push_back({"--disable", std::string(name_of(feature))});
    }
    for (std::vector<std::string> const& mask : masks) {
        INFO(mask.back());
        KodamaProcess kodama(mask);
        REQUIRE_NOTHROW(
            run({.server = loopback(kodama.port()), .connections = 20, .bytes = 50'000}));
        REQUIRE(end(kodama) == 0);
    }
}
