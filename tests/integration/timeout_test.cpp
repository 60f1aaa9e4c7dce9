// Deadlines: what they end, what they leave alone, and that they wake nobody before they are due.
#include <support/catch.hpp>

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <poll.h>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;
using namespace std::chrono_literals;

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
    REQUIRE_NOTHROW(block_for_good(server, deaf, Payload(test_seed(), 0)));
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
    TestServer<Echo> server{options};
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(block(server, deaf, Payload(test_seed(), 0)));
    server.await(CloseReason::idle_timeout, 1);
    server.await_nothing_left();
    CHECK(deaf.discard_until_end() != 0);
}
