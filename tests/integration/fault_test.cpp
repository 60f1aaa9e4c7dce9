// What peers and networks do to a server: afterwards nothing is missing and nothing is left over.
#include <support/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Remembers what a server had at first, and demands it back.
class LeakCheck {
public:
    explicit LeakCheck(TestServer<Echo> const& server)
        : server_(server), descriptors_(open_descriptors(::getpid())) {}

    void nothing_left_and_still_serving() const {
        server_.await_nothing_left();
        eventually("the descriptors are back to the starting count",
                   [this] { return open_descriptors(::getpid()) == descriptors_; });
        run({.server = server_.address(), .connections = 10, .bytes = 50'000});
        server_.await_nothing_left();
    }

private:
    TestServer<Echo> const& server_;
    std::size_t descriptors_;
};

Options small_limits(std::uint32_t workers) {
    Options options = test_options(workers);
    options.buffers = {.count = 64, .size = 4096};
    options.max_pending = 16 * 1024;
    return options;
}

// Sends until the server is blocked by this client alone, or nearly so: the exact point is random.
void fill(Client& client, Payload const& payload, Random& random) {
    std::uint64_t sent = 0;
    std::size_t const most = 1 + random.below(1 << 20);
    while (sent < most) {
        std::size_t const count = client.send_some(payload.bytes(16 * 1024, sent));
        if (count == 0) return;
        sent += count;
    }
}

// One connection that is reset at a random point.
void reset_somewhere(TestServer<Echo> const& server, Random& random) {
    Payload const payload(random.next(), 0);
    Client client = server.connect({.receive_buffer = 4096});
    std::string reply(1 + random.below(5000), '\0');
    switch (random.below(7)) {
    case 0: // before any data
        break;
    case 1: // data under way
        client.send_all(payload.bytes(1 + random.below(20'000)));
        break;
    case 2: // after an echo, with nothing under way
        client.send_all(payload.bytes(reply.size()));
        client.receive_exactly(std::as_writable_bytes(std::span(reply)));
        break;
    case 3: // with part of an echo unread
        client.send_all(payload.bytes(reply.size() + 1));
        client.receive_exactly(std::as_writable_bytes(std::span(reply)));
        break;
    case 4: // while the server's send is blocked
        fill(client, payload, random);
        break;
    case 5: // after a half-close, with the echo under way
        client.send_all(payload.bytes(1 + random.below(20'000)));
        client.shut_down_sending();
        break;
    default: // half-closed while the server's send is blocked
        fill(client, payload, random);
        client.shut_down_sending();
        break;
    }
    client.reset();
}

} // namespace

TEST_CASE("fault_R8: a reset at any point leaves nothing and kills nothing") {
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("seed " << seed << ", workers " << workers);
    TestServer<Echo> server{small_limits(workers)};
    LeakCheck const leaks(server);
    Client canary = server.connect();
    Random random(seed);
    for (std::size_t round = 0; round < scaled(2000); ++round) {
        reset_somewhere(server, random);
        if (round % 50 != 0) continue;
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    canary.close();
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
    CHECK(server.count(CloseReason::peer_gone) > 0);
    CHECK(server.count(CloseReason::evicted) == 0);
}

TEST_CASE(
    "fault_S3, fault_S7: a reset while the server's send is blocked ends the connection at once") {
    TestServer<Echo> server{small_limits(1)};
    LeakCheck const leaks(server);
    Payload const payload(test_seed(), 0);
    for (std::size_t round = 0; round < scaled(100); ++round) {
        Client client = server.connect({.receive_buffer = 4096});
        REQUIRE_NOTHROW(block(server, client, payload));
        client.reset();
        server.await(CloseReason::peer_gone, round + 1);
    }
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}

TEST_CASE("fault_A6: connect-and-vanish, five thousand times, leaves nothing") {
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("workers " << workers);
    TestServer<Echo> server{small_limits(workers)};
    LeakCheck const leaks(server);
    for (std::size_t round = 0; round < scaled(5000); ++round)
        server.connect().reset();
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}

TEST_CASE("fault_A6: connect-and-vanish with data or FIN under way leaves nothing") {
    TestServer<Echo> server{small_limits(2)};
    LeakCheck const leaks(server);
    for (std::size_t round = 0; round < scaled(2000); ++round) {
        Client client = server.connect();
        client.send_all("hello,world");
        if (round % 2 == 0) client.shut_down_sending();
        client.reset();
    }
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}

TEST_CASE("fault_R9: one-byte segments on many connections leave nothing") {
    TestServer<Echo> server{small_limits(2)};
    LeakCheck const leaks(server);
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = 50,
                         .bytes = scaled(2000),
                         .segment_max = 1,
                         .seed = test_seed()}));
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}

TEST_CASE("fault_R11: out-of-band data kills nothing, and what is in band comes back") {
    TestServer<Echo> server{small_limits(1)};
    LeakCheck const leaks(server);
    for (std::size_t round = 0; round < scaled(200); ++round) {
        Client client = server.connect();
        client.send_all("abc");
        client.send_all("X", MSG_OOB);
        client.send_all("def");
        client.shut_down_sending();
        // Without SO_OOBINLINE the urgent byte is not part of the stream (tcp(7)).
        REQUIRE(client.receive_until_fin() == "abcdef");
    }
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}

TEST_CASE("fault_R11: out-of-band data alone wakes nobody up for good") {
    TestServer<Echo> server{small_limits(1)};
    Client client = server.connect();
    client.send_all("X", MSG_OOB);
    client.await_arrival();
    client.send_all("in band");
    CHECK(client.receive_exactly(7) == "in band");
    std::uint64_t const turns = server.count(Counter::turns);
    Client canary = server.connect();
    for (int i = 0; i < 100; ++i) {
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    CHECK(server.count(Counter::turns) - turns <= 100 * 4 + 10);
}

TEST_CASE("fault_A12: new connections are served while others stream") {
    TestServer<Echo> server{small_limits(1)};
    std::vector<Client> streaming;
    Payload const payload(test_seed(), 0);
    std::vector<std::byte> scratch(64 * 1024);
    for (int i = 0; i < 16; ++i)
        streaming.push_back(server.connect());
    for (std::size_t round = 0; round < scaled(200); ++round) {
        for (Client& client : streaming) {
            client.send_some(payload.bytes(16 * 1024));
            if (round > 0) client.receive_some(scratch);
        }
        Client canary = server.connect();
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
}

TEST_CASE("fault_A2: connections beyond the limit wait, and are served when others have gone") {
    Options options = small_limits(1);
    options.max_connections = 16;
    options.backlog = 64;
    TestServer<Echo> server{options};
    LeakCheck const leaks(server);
    std::vector<Client> held;
    for (int i = 0; i < 16; ++i) {
        held.push_back(server.connect());
        held.back().send_all("first");
        REQUIRE(held.back().receive_exactly(5) == "first");
    }
    std::vector<Client> waiting;
    for (int i = 0; i < 16; ++i) {
        waiting.push_back(server.connect());
        waiting.back().send_all("second");
    }
    CHECK(server.count(Counter::connections_open) == 16);
    held.clear();
    for (Client& client : waiting)
        REQUIRE(client.receive_exactly(6) == "second");
    waiting.clear();
    REQUIRE_NOTHROW(leaks.nothing_left_and_still_serving());
}
