// Memory for unsent bytes runs out: sessions wait for it, and nobody hangs.
#include <support/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// More than a socket takes at once (4 MiB, net.ipv4.tcp_wmem), so some of it stays with the server.
constexpr std::size_t large = 7'000'000;

// Sends a large answer to "large", and sends "impossible" what can never fit; echoes the rest.
struct Generous {
    void on_receive(Connection& connection, Buffer buffer) {
        if (buffer.text() == "large") {
            wanted = std::string(large, 'x');
            on_writable(connection);
        } else if (buffer.text() == "impossible") {
            wanted = std::string(64u << 20, 'x');
            on_writable(connection);
        } else {
            connection.send(std::move(buffer));
        }
    }

    void on_writable(Connection& connection) {
        if (!wanted.empty() && connection.send_copy(wanted)) wanted.clear();
    }

    std::string wanted;
};

Options scarce() {
    Options options = test_options();
    options.buffers = {.count = 16, .size = 4096};
    options.max_pending = 256 * 1024;
    options.max_pending_total = 8u << 20;
    return options;
}

} // namespace

TEST_CASE("a copy that finds no memory is refused, and on_writable follows when there is some") {
    TestServer<Generous> server{scarce()};
    Client canary = server.connect();
    Client first = server.connect({.receive_buffer = 4096});
    Client second = server.connect();
    first.send_all("large");
    server.await(Counter::sends_blocked, 1); // and what is left of it stays in memory
    second.send_all("large");
    second.await_arrival();
    for (int i = 0; i < 100; ++i) {
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    REQUIRE(first.receive_exactly(large) == std::string(large, 'x'));
    REQUIRE(second.receive_exactly(large) == std::string(large, 'x'));
    CHECK(server.count(CloseReason::evicted) == 0);
}

TEST_CASE("a copy that can never fit is refused for ever, and costs nobody anything") {
    TestServer<Generous> server{scarce()};
    Client canary = server.connect();
    Client greedy = server.connect();
    greedy.send_all("impossible");
    greedy.await_arrival();
    for (int i = 0; i < 100; ++i) {
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    std::uint64_t const turns = server.count(Counter::turns);
    CHECK(turns <= 100 * 4 + 20);
    greedy.close();
    canary.close();
    server.await_nothing_left();
}

TEST_CASE("who waits to copy does not keep those from their turn who hold receive buffers") {
    TestServer<Generous> server{scarce()};
    Client canary = server.connect();
    // One fills the memory, one waits for it; then peers that do not read need some too.
    Client first = server.connect({.receive_buffer = 4096});
    first.send_all("large");
    server.await(Counter::sends_blocked, 1);
    Client second = server.connect();
    second.send_all("large");
    second.await_arrival();
    std::vector<Client> deaf;
    for (std::uint64_t i = 0; i < 100 && server.count(CloseReason::evicted) == 0; ++i) {
        deaf.push_back(server.connect({.receive_buffer = 4096}));
        REQUIRE_NOTHROW(block(server, deaf.back(), Payload(test_seed(), i)));
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    CHECK(server.count(CloseReason::evicted) > 0);
    CHECK(first.discard_until_end() == ECONNRESET); // blocked longest
    for (Client& client : deaf)
        client.reset();
    REQUIRE(second.receive_exactly(large) == std::string(large, 'x'));
}
