// Between the first accept and the drain nothing is allocated. A program of its own, for it
// replaces the global operator new.
#include <support/catch.hpp>

#include <chrono>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <support/counting_new.hpp>
#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Everything that a server meets in its life: the client's side of it, which may allocate.
void live_through_everything(TestServer<Echo> const& server, std::uint64_t seed) {
    run({.server = server.address(), .connections = 200, .bytes = 20'000, .seed = seed});
    run({.server = server.address(), .bytes = scaled(8u << 20), .seed = seed});

    std::vector<Client> clients;
    for (std::size_t i = 0; i < 200; ++i) {
        clients.push_back(server.connect({.receive_buffer = 4096}));
        clients.back().send_all("hello,world");
        if (clients.back().receive_exactly(11) != "hello,world") throw std::runtime_error("echo");
    }
    // Blocked sends, whose leftovers are copied out, then resets and closes in between.
    Payload const payload(seed, 0);
    for (std::size_t i = 0; i < clients.size(); i += 4) {
        for (std::size_t sent = 0; sent < (1u << 20);) {
            std::size_t const count = clients[i].send_some(payload.bytes(64 * 1024, sent));
            if (count == 0) break;
            sent += count;
        }
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (i % 2 == 0) {
            clients[i].reset();
        } else {
            clients[i].shut_down_sending();
        }
    }
    clients.clear();
    server.await_nothing_left();
}

} // namespace

TEST_CASE("fault_M3: nothing is allocated between the first accept and the drain") {
    AllocationsNotCounted const this_thread_is_the_clients;
    std::uint64_t const seed = test_seed();
    std::uint32_t const workers = GENERATE(1u, 2u);
    std::uint32_t const buffers = GENERATE(8u, 256u);
    INFO("seed " << seed << ", workers " << workers << ", buffers " << buffers);
    Options options = test_options(workers);
    options.buffers = {.count = buffers, .size = 4096};
    TestServer<Echo> server{options};

    std::uint64_t const before = allocations();
    REQUIRE_NOTHROW(live_through_everything(server, seed));
    CHECK(allocations() == before);
    CHECK(server.drain(patience) == 0);
}

TEST_CASE("fault_M3: asking for a peer's address allocates nothing") {
    struct Asks {
        void on_open(Connection& connection) {
            if (connection.peer().port() == 0) connection.abort();
        }

        void on_receive(Connection& connection, Buffer buffer) {
            connection.send_copy(buffer.text());
        }
    };

    AllocationsNotCounted const this_thread_is_the_clients;
    TestServer<Asks> server{test_options()};
    std::uint64_t const before = allocations();
    REQUIRE_NOTHROW(run({.server = server.address(), .connections = 50, .bytes = 1'000}));
    server.await_nothing_left();
    CHECK(allocations() == before);
}

namespace {

Task echo(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive(std::chrono::seconds(100));
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

} // namespace

TEST_CASE("fault_M3: coroutines allocate nothing") {
    AllocationsNotCounted const this_thread_is_the_clients;
    TestServer<Coroutine<echo>> server{test_options()};
    std::uint64_t const before = allocations();
    REQUIRE_NOTHROW(run({.server = server.address(), .connections = 50, .bytes = 20'000}));
    server.await_nothing_left();
    CHECK(allocations() == before);
}

TEST_CASE("the allocation counter counts, but not in a thread that is excluded") {
    // A canary: a counter that stands still would pass every test above. Called as functions, for a
    // compiler may leave out the allocation of a new-expression.
    auto const allocate_and_free = [] { ::operator delete(::operator new(1000)); };
    std::uint64_t const before = allocations();
    allocate_and_free();
    std::uint64_t const counted = allocations() - before;
    std::uint64_t not_counted = 0;
    {
        AllocationsNotCounted const excluded;
        std::uint64_t const start = allocations();
        allocate_and_free();
        not_counted = allocations() - start;
    }
    CHECK(counted == 1);
    CHECK(not_counted == 0);
}
