// What happens to the bytes that are on their way when one side has finished sending.
#include <support/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <sys/socket.h>

#include <support/background.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Reads `size` bytes of the payload in pieces of at most `piece_max`, then the FIN.
void receive_payload(Client& client, Payload const& payload, std::uint64_t size,
                     std::size_t piece_max, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::byte> piece(piece_max);
    std::uint64_t received = 0;
    while (std::size_t const count =
               client.receive_some(std::span(piece).first(1 + random.below(piece_max)))) {
        payload.check(std::span(piece).first(count), received);
        received += count;
    }
    if (received != size) {
        throw std::runtime_error("FIN after " + std::to_string(received) + " of " +
                                 std::to_string(size) + " bytes");
    }
}

} // namespace

TEST_CASE("a client that sends 1 MiB, finishes and only then reads gets all of it and a FIN") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    Options options = test_options(workers);
    options.max_pending = 4u << 20; // so that all of it fits into the server, read or not
    TestServer<Echo> server{options};
    std::size_t const size = 1u << 20;
    for (std::uint64_t round = 0; round < scaled(20); ++round) {
        Payload const payload(seed, round);
        Client client = server.connect();
        client.send_all(payload.bytes(size));
        client.shut_down_sending();
        REQUIRE_NOTHROW(receive_payload(client, payload, size, 64 * 1024, seed + round));
    }
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == scaled(20));
    CHECK(server.count(Counter::bytes_sent) == scaled(20) * size);
}

TEST_CASE("a client that sends 64 MiB and reads at its own slow pace gets all of it and a FIN") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    TestServer<Echo> server{test_options()};
    std::uint64_t const size = scaled(64u << 20);
    Payload const payload(seed, 0);
    // A small window and many little reads: the server is blocked nearly all the time.
    Client client = server.connect({.receive_buffer = 16 * 1024});
    Background sender([&] {
        std::size_t const piece = 256 * 1024;
        for (std::uint64_t sent = 0; sent < size; sent += piece) {
            std::uint64_t const left = size - sent;
            client.send_all(payload.bytes(left < piece ? left : piece, sent));
        }
        client.shut_down_sending();
    });
    REQUIRE_NOTHROW(receive_payload(client, payload, size, 1000, seed));
    REQUIRE_NOTHROW(sender.join());
    server.await_nothing_left();
    CHECK(server.count(Counter::bytes_sent) == size);
    CHECK(server.count(CloseReason::peer_finished) == 1);
}

TEST_CASE("fault_R5: data and FIN in one segment lose nothing") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    Options options = test_options(workers);
    options.buffers = {.count = 64, .size = 4096};
    TestServer<Echo> server{options};
    Random random(seed);
    std::size_t const rounds = scaled(workers == 1 ? 10'000 : 2'000);
    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::size_t const size = 1 + random.below(3 * 4096);
        Payload const payload(seed, round);
        Client client = server.connect();
        // MSG_MORE keeps the last bytes back until the FIN takes them along.
        client.send_all(payload.bytes(size), MSG_MORE);
        client.shut_down_sending();
        std::string const reply = client.receive_until_fin();
        INFO("round " << round << ", size " << size);
        REQUIRE(reply.size() == size);
        REQUIRE_NOTHROW(payload.check(std::as_bytes(std::span(reply)), 0));
    }
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == rounds);
}

TEST_CASE("fault_R5: data and FIN that wait in the socket before the accept lose nothing") {
    // Many at once, so that most have sent and finished before the server gets to accept them.
    TestServer<Echo> server{test_options()};
    for (std::size_t round = 0; round < scaled(40); ++round) {
        std::vector<Client> clients;
        for (std::size_t i = 0; i < 50; ++i) {
            clients.push_back(server.connect());
            clients.back().send_all("hello,world " + std::to_string(i), MSG_MORE);
            clients.back().shut_down_sending();
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            REQUIRE(clients[i].receive_until_fin() == "hello,world " + std::to_string(i));
        }
    }
    server.await_nothing_left();
}

TEST_CASE("fault_R6: a connection that only finishes gets a FIN") {
    TestServer<Echo> server{test_options()};
    for (std::size_t round = 0; round < scaled(1000); ++round) {
        Client client = server.connect();
        client.shut_down_sending();
        REQUIRE_NOTHROW(client.expect_fin());
    }
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == scaled(1000));
    CHECK(server.count(Counter::bytes_received) == 0);
}

TEST_CASE("fault_R6: a connection that only closes leaves nothing") {
    TestServer<Echo> server{test_options(2)};
    for (std::size_t round = 0; round < scaled(1000); ++round)
        server.connect().close();
    server.await(Counter::accepted, scaled(1000));
    server.await_nothing_left();
}

TEST_CASE("a client that finishes while the server is blocked still gets everything") {
    // The peer's FIN is behind bytes that the server has not read yet, for it has stopped reading.
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.max_pending = 4096;
    TestServer<Echo> server{options};
    Client client = server.connect({.receive_buffer = 4096});
    Payload const payload(seed, 7);
    std::uint64_t const sent = block(server, client, payload);
    client.shut_down_sending();
    REQUIRE_NOTHROW(receive_payload(client, payload, sent, 32 * 1024, seed));
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == 1);
}
