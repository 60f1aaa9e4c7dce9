// How a server ends: in order, or at once; and what other threads may do meanwhile.
#include <support/catch.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <support/background.hpp>
#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

std::vector<Client> accepted_clients(TestServer<Echo> const& server, std::size_t count) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(server.connect());
        clients.back().send_all("hello");
        if (clients.back().receive_exactly(5) != "hello") throw std::runtime_error("no echo");
    }
    return clients;
}

void await_refusal(Address const& server) {
    eventually("connections are refused", [&] { return connect_error(server) == ECONNREFUSED; });
}

} // namespace

TEST_CASE("drain echoes everything that has arrived, then sends FIN", "[threads]") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    TestServer<Echo> server{test_options(workers)};
    std::vector<Client> clients = accepted_clients(server, scaled(100));
    std::size_t const size = 128 * 1024;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        clients[i].send_all(Payload(seed, i).bytes(size));
    }
    for (Client const& client : clients)
        client.await_arrival();

    std::uint64_t reset = 1;
    Background drain([&] { reset = server.drain(patience * 2); });
    for (std::size_t i = 0; i < clients.size(); ++i) {
        std::vector<std::byte> reply(size);
        REQUIRE_NOTHROW(clients[i].receive_exactly(reply));
        REQUIRE_NOTHROW(Payload(seed, i).check(reply, 0));
        REQUIRE_NOTHROW(clients[i].expect_fin());
        clients[i].close();
    }
    REQUIRE_NOTHROW(drain.join());
    CHECK(reset == 0);
    CHECK(server.count(CloseReason::drained) == clients.size());
    CHECK(server.count(Counter::connections_open) == 0);
    CHECK(server.count(Counter::buffers_out) == 0);
    CHECK(connect_error(server.address()) == ECONNREFUSED);
}

TEST_CASE("drain gives idle clients a FIN and refuses new ones", "[threads]") {
    TestServer<Echo> server{test_options(2)};
    std::vector<Client> clients = accepted_clients(server, 20);
    std::uint64_t reset = 1;
    Background drain([&] { reset = server.drain(patience * 2); });
    for (Client& client : clients)
        REQUIRE_NOTHROW(client.expect_fin());
    // Those clients have not finished yet, so the drain is still under way.
    REQUIRE_NOTHROW(await_refusal(server.address()));
    clients.clear();
    REQUIRE_NOTHROW(drain.join());
    CHECK(reset == 0);
    CHECK(server.count(CloseReason::drained) == 20);
}

TEST_CASE("a client that does not finish delays the drain only until the linger timeout") {
    Options options = test_options();
    options.linger_timeout = std::chrono::milliseconds(50);
    TestServer<Echo> server{options};
    std::vector<Client> clients = accepted_clients(server, 3);
    // Nothing was reset, so the drain's own deadline was not met.
    CHECK(server.drain(std::chrono::hours(1)) == 0);
    CHECK(server.count(CloseReason::drained) == 3);
    for (Client& client : clients)
        REQUIRE_NOTHROW(client.expect_fin());
}

TEST_CASE("drain resets what is left at its deadline, and says how many") {
    TestServer<Echo> server{test_options()};
    std::vector<Client> finishing = accepted_clients(server, 3);
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(block_for_good(server, deaf, Payload(test_seed(), 0)));
    for (Client& client : finishing)
        client.shut_down_sending();
    server.await(Counter::connections_open, 1);
    CHECK(server.drain(std::chrono::milliseconds(100)) == 1);
    CHECK(server.count(CloseReason::stopped) == 1);
    CHECK(server.count(CloseReason::peer_finished) == 3);
    CHECK(server.count(Counter::connections_open) == 0);
    CHECK(server.count(Counter::buffers_out) == 0);
    CHECK(deaf.discard_until_end() == ECONNRESET);
}

TEST_CASE("fault_Q7: stop resets every connection at once, and says how many") {
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("workers " << workers);
    TestServer<Echo> server{test_options(workers)};
    std::vector<Client> clients = accepted_clients(server, 20);
    clients.push_back(server.connect({.receive_buffer = 4096}));
    REQUIRE_NOTHROW(block_for_good(server, clients.back(), Payload(test_seed(), 0)));
    CHECK(server.stop() == 21);
    CHECK(server.count(CloseReason::stopped) == 21);
    CHECK(server.count(Counter::connections_open) == 0);
    CHECK(server.count(Counter::buffers_out) == 0);
    for (Client& client : clients)
        CHECK(client.discard_until_end() == ECONNRESET);
    CHECK(connect_error(server.address()) == ECONNREFUSED);
}

TEST_CASE("after the end drain and stop change nothing, any number of times") {
    TestServer<Echo> server{test_options(2)};
    std::vector<Client> const clients = accepted_clients(server, 5);
    std::uint64_t const reset = server.drain(std::chrono::nanoseconds(0));
    CHECK(reset <= 5);
    CHECK(server.drain(std::chrono::hours(1)) == reset);
    CHECK(server.stop() == reset);
    CHECK(server.stop() == reset);
    CHECK(server.count(CloseReason::stopped) == reset);
    CHECK(server.count(Counter::connections_open) == 0);
}

TEST_CASE("stop ends a drain that is under way in another thread", "[threads]") {
    TestServer<Echo> server{test_options(2)};
    Client idle = server.connect();
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(block_for_good(server, deaf, Payload(test_seed(), 0)));
    std::uint64_t reset_by_drain = 0;
    Background drain([&] { reset_by_drain = server.drain(std::chrono::hours(1)); });
    REQUIRE_NOTHROW(idle.expect_fin()); // the drain has begun
    std::uint64_t const reset_by_stop = server.stop();
    REQUIRE_NOTHROW(drain.join());
    CHECK(reset_by_stop == server.count(CloseReason::stopped));
    CHECK(reset_by_drain == reset_by_stop);
    CHECK(server.count(CloseReason::stopped) >= 1);
    CHECK(server.count(Counter::connections_open) == 0);
    CHECK(deaf.discard_until_end() == ECONNRESET);
}

TEST_CASE("stop and drain from many threads at once all return", "[threads]") {
    for (std::size_t round = 0; round < scaled(40); ++round) {
        TestServer<Echo> server{test_options(2)};
        std::vector<Client> const clients = accepted_clients(server, 4);
        std::vector<std::unique_ptr<Background>> callers;
        for (int i = 0; i < 4; ++i) {
            callers.push_back(std::make_unique<Background>([&server, i] {
                if (i % 2 == 0) server.stop();
                if (i % 2 == 1) server.drain(patience);
            }));
        }
        for (auto const& caller : callers)
            REQUIRE_NOTHROW(caller->join());
        REQUIRE(server.count(Counter::connections_open) == 0);
    }
}

TEST_CASE("destroying a server with live connections resets them and does not hang") {
    std::vector<Client> clients;
    {
        TestServer<Echo> server{test_options(2)};
        clients = accepted_clients(server, 50);
        clients.push_back(server.connect({.receive_buffer = 4096}));
        REQUIRE_NOTHROW(block_for_good(server, clients.back(), Payload(test_seed(), 0)));
    }
    for (Client& client : clients)
        CHECK(client.discard_until_end() == ECONNRESET);
}

TEST_CASE("a server that was never used ends", "[threads]") {
    for (std::size_t round = 0; round < scaled(100); ++round) {
        TestServer<Echo> const server{test_options(2)};
    }
    TestServer<Echo> drained{test_options(2)};
    CHECK(drained.drain(patience) == 0);
}

TEST_CASE("counters can be read from another thread while the server serves", "[threads]") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options(2)};
    std::atomic<bool> done{false};
    bool monotone = true;
    Background reader([&] {
        Counters last = server.counters();
        while (!done) {
            Counters const now = server.counters();
            for (Counter const counter : {Counter::turns, Counter::bytes_received,
                                          Counter::bytes_sent, Counter::accepted}) {
                monotone = monotone && now[counter] >= last[counter];
            }
            last = now;
        }
    });
    REQUIRE_NOTHROW(run(
        {.server = server.address(), .connections = 50, .bytes = scaled(1'000'000), .seed = seed}));
    done = true;
    REQUIRE_NOTHROW(reader.join());
    CHECK(monotone);
    CHECK(server.drain(patience) == 0);
}

TEST_CASE("a drain under load gives every client a right beginning of its bytes", "[threads]") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options(2)};
    std::vector<std::unique_ptr<Background>> clients;
    for (std::uint64_t i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<Background>([&server, seed, i] {
            Client client = server.connect();
            Payload const payload(seed, i);
            std::vector<std::byte> reply(8 * 1024);
            std::uint64_t received = 0;
            try {
                for (std::uint64_t sent = 0;; sent += reply.size()) {
                    client.send_all(payload.bytes(reply.size(), sent));
                    while (received < sent + reply.size()) {
                        std::size_t const count = client.receive_some(reply);
                        if (count == 0) return;
                        payload.check(std::span(reply).first(count), received);
                        received += count;
                    }
                }
            } catch (ClientError const& error) {
                // A send after the server has closed may be answered with a reset.
                if (error.error_number() != ECONNRESET && error.error_number() != EPIPE) throw;
            }
        }));
    }
    eventually("all are served", [&] {
        bool const all_there = server.count(Counter::accepted) == 8;
        return all_there && server.count(Counter::bytes_sent) > 1'000'000;
    });
    CHECK(server.drain(patience) == 0);
    for (auto const& client : clients)
        REQUIRE_NOTHROW(client->join());
    CHECK(server.count(CloseReason::drained) == 8);
}
