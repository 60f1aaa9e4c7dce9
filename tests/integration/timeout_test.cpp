// Deadlines: what they end, what they leave alone, and that they wake nobody before they are due.
#include <support/catch.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <poll.h>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/eventually.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;
using namespace std::chrono_literals;

namespace {

// Sends without reading for as long as the server stands it. To stop when the server is blocked
// would race with its deadline, and what blocked may yet fit in.
void send_until_refused(Client& client) {
    Payload const payload(test_seed(), 0);
    std::uint64_t sent = 0;
    eventually("the server gives the connection up", [&] {
        try {
            while (std::size_t const count = client.send_some(payload.bytes(64 * 1024, sent)))
                sent += count;
        } catch (ClientError const& error) {
            // EPIPE where a stall let all that was unsent out, and then the FIN.
            return error.error_number() == ECONNRESET || error.error_number() == EPIPE;
        }
        return false;
    });
}

} // namespace

TEST_CASE("an idle connection is closed in order, and counted") {
    Options options = test_options();
    options.idle_timeout = 50ms;
    TestServer<Echo> server{options};
    Client client = server.connect();
    client.send_all("hello");
    REQUIRE(client.receive_exactly(5) == "hello");
    client.expect_fin();
    client.close();
    server.await(CloseReason::idle_timeout, 1);
    server.await_nothing_left();
}

TEST_CASE("a connection that is used is not idle, and one that never was is") {
    Options options = test_options();
    options.idle_timeout = 300ms;
    TestServer<Echo> server{options};
    Client silent = server.connect();
    Client busy = server.connect();
    // For as long as it takes until the silent one hears something, which is its FIN.
    pollfd silent_hears{.fd = silent.descriptor(), .events = POLLIN, .revents = 0};
    while (::poll(&silent_hears, 1, 0) == 0) {
        busy.send_all("x");
        REQUIRE(busy.receive_exactly(1) == "x");
    }
    silent.expect_fin();
    silent.close();
    server.await(CloseReason::idle_timeout, 1);
    busy.send_all("still here");
    CHECK(busy.receive_exactly(10) == "still here");
}

TEST_CASE("a timeout that is far away wakes nobody") {
    Options options = test_options();
    options.idle_timeout = 1h;
    TestServer<Echo> server{options};
    std::vector<Client> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(server.connect());
    server.await(Counter::connections_open, 100);
    std::uint64_t const turns = server.count(Counter::turns);
    // Here the wait is the point, and does not synchronise anything.
    std::this_thread::sleep_for(300ms);
    CHECK(server.count(Counter::turns) == turns);
}

TEST_CASE("fault_S4: a peer that acknowledges nothing for the send timeout is dropped") {
    Options options = test_options();
    options.send_timeout = 300ms;
    TestServer<Echo> server{options};
    Client canary = server.connect();
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(send_until_refused(deaf));
    server.await(CloseReason::send_timeout, 1);
    canary.send_all("canary");
    CHECK(canary.receive_exactly(6) == "canary");
    canary.close();
    deaf.close();
    server.await_nothing_left();
}

TEST_CASE("an idle connection that does not take what it still gets is reset") {
    Options options = test_options();
    options.idle_timeout = 200ms;
    options.send_timeout = 0ms;
    options.linger_timeout = 200ms;
    TestServer<Echo> server{options};
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(send_until_refused(deaf));
    server.await(CloseReason::idle_timeout, 1);
    server.await_nothing_left();
}
