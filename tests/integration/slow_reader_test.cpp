// A peer that does not read holds what the limits say, and the others do not notice.
#include <support/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Sends as many of `count` bytes as it may.
bool is_reset(Client& client, std::size_t count) {
    try {
        client.send_some(std::vector<std::byte>(count));
        return false;
    } catch (ClientError const&) {
        return true;
    }
}

// Received and not yet accepted by the kernel for sending; less what a silent send that fell short
// counted when it was submitted, which may be all of it. Signed: the two are not read at once.
template <class Server> std::int64_t unsent(Server const& server) {
    Counters const counters = server.counters();
    return static_cast<std::int64_t>(counters[Counter::bytes_received]) -
           static_cast<std::int64_t>(counters[Counter::bytes_sent]);
}

std::int64_t bound_of(Options const& options) {
    return static_cast<std::int64_t>(options.max_pending +
                                     std::size_t{options.buffers.count} * options.buffers.size);
}

} // namespace

TEST_CASE("fault_S4: a client that never reads is held within its limit, and gets all when it "
          "reads") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.buffers = {.count = 64, .size = 4096};
    options.max_pending = 64 * 1024;
    TestServer<Echo> server{options};
    Client deaf = server.connect();
    Payload const payload(seed, 1);
    std::uint64_t const sent = block_for_good(server, deaf, payload);
    CHECK(server.count(Counter::sends_blocked) > 0);
    CHECK(unsent(server) <= bound_of(options));
    std::uint64_t const held = server.count(Counter::bytes_received);

    REQUIRE_NOTHROW(run(
        {.server = server.address(), .connections = 50, .bytes = scaled(2'000'000), .seed = seed}));
    // The others' bytes are all sent, so what is unsent is still the deaf client's alone.
    CHECK(unsent(server) <= bound_of(options));
    // Not equal: what the deaf client sent may still have been on its way, for TCP tries again only
    // after a while.
    CHECK(server.count(Counter::bytes_received) >= held + 50 * scaled(2'000'000));
    // A client sees the end of its connection before the server learns that it is closed.
    eventually("only the deaf client is connected",
               [&] { return server.count(Counter::connections_open) == 1; });

    REQUIRE_NOTHROW(receive_everything(deaf, payload, sent));
    server.await_nothing_left();
    CHECK(server.count(CloseReason::evicted) == 0);
    CHECK(server.count(Counter::bytes_sent) == server.count(Counter::bytes_received));
}

TEST_CASE("fault_S4: a server whose peer does not read costs no turn while it waits") {
    TestServer<Echo> server{test_options()};
    Client deaf = server.connect({.receive_buffer = 4096});
    REQUIRE_NOTHROW(block_for_good(server, deaf, Payload(test_seed(), 1)));
    std::uint64_t const turns = server.count(Counter::turns);
    Client canary = server.connect();
    for (int i = 0; i < 100; ++i) {
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    // What an echo itself takes (receive, send, its completion) and no more: nothing spins.
    CHECK(server.count(Counter::turns) - turns <= 100 * 4 + 10);
}

TEST_CASE("fault_R2: many that never read are evicted when their memory is full, and no one else") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.buffers = {.count = 64, .size = 4096};
    options.max_pending = 64 * 1024;
    options.max_pending_total = 2u << 20; // for some 32 connections
    TestServer<Echo> server{options};
    Client canary = server.connect();

    std::vector<Client> deaf;
    for (std::size_t i = 0; i < std::max<std::size_t>(scaled(200), 60); ++i) {
        deaf.push_back(server.connect({.receive_buffer = 4096}));
        REQUIRE_NOTHROW(block(server, deaf.back(), Payload(seed, i)));
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    // Blocked once, each may still hold less than its limit: the kernel may have made room.
    eventually("the memory is full, and somebody is evicted", [&] {
        for (Client& client : deaf)
            static_cast<void>(is_reset(client, 64 * 1024));
        return server.count(CloseReason::evicted) > 0;
    });
    // An evicted connection is counted when its end begins, and its place is free a turn later.
    eventually("all but the evicted are open", [&] {
        return server.count(Counter::connections_open) + server.count(CloseReason::evicted) ==
               deaf.size() + 1;
    });
    CHECK(server.count(CloseReason::evicted) < deaf.size());
    CHECK(unsent(server) - static_cast<std::int64_t>(server.count(Counter::bytes_discarded)) <=
          static_cast<std::int64_t>(options.max_pending_total) + 64 * 4096);
    eventually("the evicted see a reset, and nobody else does", [&] {
        auto const resets = std::count_if(deaf.begin(), deaf.end(),
                                          [](Client& client) { return is_reset(client, 1); });
        return static_cast<std::uint64_t>(resets) == server.count(CloseReason::evicted);
    });

    REQUIRE_NOTHROW(run({.server = server.address(), .connections = 20, .bytes = 100'000}));
    for (Client& client : deaf)
        client.reset();
    canary.close();
    server.await_nothing_left();
}

TEST_CASE("fault_R1: more busy connections than receive buffers are all served") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    Options options = test_options(workers);
    options.buffers = {.count = 4, .size = 4096};
    TestServer<Echo> server{options};
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = 100,
                         .bytes = scaled(2'000'000),
                         .seed = seed}));
    CHECK(server.count(Counter::parks) > 0);
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == 100);
}

TEST_CASE("fault_R1: one buffer is enough to serve everybody, one after the other") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.buffers = {.count = 1, .size = 64};
    TestServer<Echo> server{options};
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = 20,
                         .bytes = scaled(40'000),
                         .segment_max = 1000,
                         .seed = seed}));
    server.await_nothing_left();
}

TEST_CASE("fault_R1: deaf clients that could hold every receive buffer do not starve a canary") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.buffers = {.count = 4, .size = 4096};
    options.send_timeout = std::chrono::seconds(0); // the last of them reads late
    TestServer<Echo> server{options};
    std::vector<Client> deaf;
    std::vector<std::uint64_t> sent;
    for (std::size_t i = 0; i < 8; ++i) {
        deaf.push_back(server.connect({.receive_buffer = 4096}));
        sent.push_back(block_for_good(server, deaf.back(), Payload(seed, i)));
    }
    REQUIRE_NOTHROW(run({.server = server.address(), .connections = 10, .bytes = 100'000}));
    CHECK(unsent(server) <= 8 * bound_of(options));
    for (std::size_t i = 0; i < deaf.size(); ++i) {
        REQUIRE_NOTHROW(receive_everything(deaf[i], Payload(seed, i), sent[i]));
    }
    server.await_nothing_left();
}
