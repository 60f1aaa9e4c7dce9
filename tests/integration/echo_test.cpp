// RFC 862: every byte comes back once, in order, on its own connection.
#include <support/catch.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

constexpr std::uint32_t buffer_size = 4096;

Options small_buffers(std::uint32_t workers) {
    Options options = test_options(workers);
    options.buffers = {.count = 64, .size = buffer_size};
    return options;
}

std::vector<std::uint64_t> sizes_around_boundaries() {
    std::vector<std::uint64_t> sizes{1, 2, 3, 7, 8, 9, 63, 64, 65};
    for (std::uint64_t const multiple : {1u, 2u, 3u, 16u, 17u, 64u, 65u}) {
        for (int const difference : {-1, 0, 1}) {
            std::uint64_t const boundary = multiple * std::uint64_t{buffer_size};
            sizes.push_back(boundary + static_cast<std::uint64_t>(difference));
        }
    }
    return sizes;
}

} // namespace

TEST_CASE("a message of any size around the buffers' boundaries comes back unchanged") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    TestServer<Echo> server{small_buffers(workers)};
    for (std::uint64_t const size : sizes_around_boundaries()) {
        INFO("size " << size);
        REQUIRE_NOTHROW(run({.server = server.address(),
                             .bytes = size,
                             .segment_max = 1 << 20,
                             .seed = seed + size}));
    }
    server.await_nothing_left();
}

TEST_CASE("fault_R10: messages from one byte to 64 MiB come back unchanged") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options()};
    std::uint64_t const largest = scale() == Scale::small ? 4u << 20 : 64u << 20;
    std::uint64_t total = 0;
    for (std::uint64_t size = 1; size <= largest; size *= 4) {
        INFO("size " << size);
        REQUIRE_NOTHROW(run({.server = server.address(), .bytes = size, .seed = seed + size}));
        total += size;
    }
    server.await_nothing_left();
    CHECK(server.count(Counter::bytes_received) == total);
    CHECK(server.count(Counter::bytes_sent) == total);
    CHECK(server.count(Counter::bytes_discarded) == 0);
}

TEST_CASE("a stream of 1 GiB comes back unchanged") {
    if (scale() != Scale::full) KODAMA_SKIP("only with KODAMA_TEST_SCALE=full");
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options()};
    REQUIRE_NOTHROW(run({.server = server.address(), .bytes = 1u << 30, .seed = seed}));
    server.await_nothing_left();
}

TEST_CASE("NUL bytes and all other byte values come back unchanged") {
    TestServer<Echo> server{test_options()};
    std::string message(512, '\0');
    for (std::size_t i = 0; i < 256; ++i)
        message[i] = static_cast<char>(i);
    Client client = server.connect();
    client.send_all(message);
    CHECK(client.receive_exactly(message.size()) == message);
    client.send_all(std::string(1, '\0'));
    CHECK(client.receive_exactly(1) == std::string(1, '\0'));
    client.shut_down_sending();
    REQUIRE_NOTHROW(client.expect_fin());
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == 1);
}

TEST_CASE("any segmentation gives the same bytes") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    TestServer<Echo> server{small_buffers(workers)};
    for (std::size_t const segment_max : {1u, 2u, 17u, 1500u, 4096u, 4097u, 65536u}) {
        INFO("segments of at most " << segment_max);
        REQUIRE_NOTHROW(run({.server = server.address(),
                             .connections = 8,
                             .bytes = scaled(segment_max < 100 ? 20'000 : 4'000'000),
                             .segment_max = segment_max,
                             .seed = seed + segment_max}));
    }
    server.await_nothing_left();
}

TEST_CASE("fault_R9: a message that arrives byte by byte comes back byte by byte") {
    TestServer<Echo> server{test_options()};
    Client client = server.connect();
    std::string const message = "one byte at a time, each its own segment";
    for (char const byte : message) {
        client.send_all(std::string(1, byte));
        REQUIRE(client.receive_exactly(1) == std::string(1, byte));
    }
    // Each byte was waited for, so each was a receive and a send of its own.
    CHECK(server.count(Counter::receives) == message.size());
    REQUIRE_NOTHROW(server.await(Counter::sends, message.size()));
    REQUIRE_NOTHROW(server.await(Counter::bytes_sent, message.size()));
}

TEST_CASE("a thousand connections at once each get their own bytes back") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    TestServer<Echo> server{test_options(workers)};
    std::size_t const connections = scaled(1000);
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = connections,
                         .bytes = 100'000,
                         .segment_max = 20'000,
                         .in_flight_max = 50'000,
                         .seed = seed}));
    server.await_nothing_left();
    CHECK(server.count(Counter::accepted) == connections);
    CHECK(server.count(CloseReason::peer_finished) == connections);
    CHECK(server.count(Counter::bytes_sent) == connections * 100'000);
}

TEST_CASE("connections that the client closes without a FIN of its own first are served too") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options(2)};
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = 100,
                         .bytes = 10'000,
                         .half_close = false,
                         .seed = seed}));
    server.await_nothing_left();
}

TEST_CASE("the load checker notices a byte that is not the connection's") {
    // A canary: a server that changes one byte must not pass for an echo server.
    struct Liar {
        void on_receive(Connection& connection, Buffer buffer) {
            std::string text{buffer.text()};
            text.back() = static_cast<char>(text.back() + 1);
            connection.send_copy(text);
        }
    };

    TestServer<Liar> server{test_options()};
    CHECK_THROWS_WITH(run({.server = server.address(), .bytes = 1000, .segment_max = 1000}),
                      contains_text("first wrong byte"));
}

TEST_CASE("one worker alone counts what all workers count together", "[threads]") {
    TestServer<Echo> server{test_options(2)};
    REQUIRE(server.worker_count() == 2);
    REQUIRE_NOTHROW(run({.server = server.address(), .connections = 64, .bytes = 5'000}));
    server.await_nothing_left();
    std::array const both{server.counters(0), server.counters(1)};
    std::uint64_t const sum = both[0][Counter::bytes_sent] + both[1][Counter::bytes_sent];
    CHECK(sum == server.count(Counter::bytes_sent));
    // The kernel spreads connections by a hash: all 64 on one side has a chance of 2 to the -63.
    CHECK(both[0][Counter::accepted] > 0);
    CHECK(both[1][Counter::accepted] > 0);
}
