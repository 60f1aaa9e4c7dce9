// When descriptors, places or CPU run out: wait, never spin, lose nothing.
#include <support/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>

#include <kodama/kodama.hpp>
#include <support/background.hpp>
#include <support/client.hpp>
#include <support/eventually.hpp>
#include <support/json.hpp>
#include <support/kodama_process.hpp>
#include <support/load.hpp>
#include <support/process_info.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// `kodama` with so few descriptors, told of by its counters.
class LimitedProcess {
public:
    explicit LimitedProcess(std::vector<std::string> const& arguments)
        : process_(arguments, {"prlimit", "--nofile=64:64"}) {}

    [[nodiscard]] Address address() const { return loopback(process_.port()); }

    // Ends it, and returns what it counted all in all.
    std::string counters_at_the_end() {
        process_.signal(SIGUSR1);
        process_.signal(SIGTERM);
        CHECK(process_.wait() == 0);
        return process_.errors();
    }

private:
    KodamaProcess process_;
};

bool has_prlimit() {
    try {
        return run_to_end({.arguments = {"prlimit", "--version"}}).exit_code == 0;
    } catch (std::runtime_error const&) {
        return false;
    }
}

// The descriptor, in this process, of the socket that listens there.
int listening_descriptor(Address const& address) {
    for (int fd = 0; fd < 1024; ++fd) {
        sockaddr_storage storage{};
        socklen_t length = sizeof storage;
        int listens = 0;
        socklen_t size = sizeof listens;
        bool const found = ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
                           listens != 0 &&
                           ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) == 0 &&
                           Address::from(storage) == address;
        if (found) return fd;
    }
    return -1;
}

// Every client connects, echoes once and goes, all of them at the same time.
void serve_all(Address const& server, std::size_t clients) {
    REQUIRE_NOTHROW(run({.server = server,
                         .connections = clients,
                         .bytes = 1000,
                         .segment_max = 1000,
                         .seed = test_seed()}));
}

} // namespace

TEST_CASE("fault_A1: many more clients than descriptors are all served in the end") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!has_prlimit()) KODAMA_SKIP("there is no prlimit");
    std::string const disabled = GENERATE("no-iowait", "direct-descriptors", "multishot-accept",
                                          "direct-descriptors,multishot-accept");
    INFO("without " << disabled);
    std::size_t const clients = std::max<std::size_t>(scaled(500), 100);
    LimitedProcess process({"--workers", "2", "--disable", disabled});
    serve_all(process.address(), clients);
    std::string const log = process.counters_at_the_end();
    INFO(log);
    CHECK_THAT(log, contains_text("--max-connections lowered"));
    CHECK(json_number(log, "accepted") == clients);
    // Turns and re-arms follow from what happened: some for each connection, none for waiting.
    CHECK(json_number(log, "turns") <= 20 * clients);
    CHECK(json_number(log, "accepts_armed") <= 2 * clients + 20);
}

TEST_CASE("fault_A1: descriptors that others took are a pause of accepting, and told once") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!has_prlimit()) KODAMA_SKIP("there is no prlimit");
    // The server believes in thousands of descriptors, and then it has only 40. One accept at a
    // time, because a multishot one keeps the limit of the moment in which it was submitted.
    KodamaProcess process({"--workers", "1", "--disable", "direct-descriptors,multishot-accept"});
    std::string const pid = std::to_string(process.pid());
    REQUIRE(run_to_end({.arguments = {"prlimit", "--nofile=40:40", "--pid", pid}}).exit_code == 0);
    std::vector<Client> clients;
    for (int i = 0; i < 100; ++i)
        clients.emplace_back(loopback(process.port()));
    for (Client& client : clients)
        client.send_all("x");
    eventually("it has no descriptor left", [&] { return open_descriptors(process.pid()) >= 40; });
    // Those that were accepted are served while the others wait; and as they go, the others are.
    for (Client& client : clients) {
        REQUIRE(client.receive_exactly(1) == "x");
        client.close();
    }
    process.signal(SIGUSR1);
    process.signal(SIGTERM);
    REQUIRE(process.wait() == 0);
    INFO(process.errors());
    CHECK(json_number(process.errors(), "accept_pauses_descriptors") > 0);
    CHECK(json_number(process.errors(), "accept_pauses_descriptors") <= 200);
    CHECK_THAT(process.errors(), contains_text("accepting paused: no descriptors left"));
    CHECK_THAT(process.errors(), contains_text("accepting resumed"));
}

TEST_CASE("fault_A2: a full table is a pause of accepting, told and counted, and ends") {
    std::mutex mutex;
    std::vector<Event> events;
    Options options = test_options();
    options.max_connections = 2;
    options.on_event = [&](Event event) {
        std::lock_guard const lock(mutex);
        events.push_back(event);
    };
    TestServer<Echo> server{options};
    {
        Client first = server.connect();
        Client second = server.connect();
        server.await(Counter::accept_pauses_table, 1);
        Client third = server.connect();
        third.send_all("third");
        first.close();
        CHECK(third.receive_exactly(5) == "third");
    }
    server.await_nothing_left();
    std::lock_guard const lock(mutex);
    REQUIRE(events.size() >= 2);
    CHECK(events.front() == Event::accept_paused_table);
    CHECK(events.back() == Event::accept_resumed);
    CHECK(server.count(Counter::accept_pauses_descriptors) == 0);
}

TEST_CASE("every listening socket is served although there are fewer places than sockets") {
    Options options = test_options();
    options.listen = {"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"};
    options.max_connections = 1;
    TestServer<Echo> server{options};
    for (kodama::Address const& address : server.endpoints()) {
        Client client(address);
        client.send_all("anybody?");
        CHECK(client.receive_exactly(8) == "anybody?");
    }
    server.await_nothing_left();

    // All at once: one is served, the others wait, nobody is refused.
    std::vector<std::unique_ptr<Background>> clients;
    for (kodama::Address const& address : server.endpoints()) {
        clients.push_back(std::make_unique<Background>([address] {
            Client client(address);
            client.send_all("and me?");
            if (client.receive_exactly(7) != "and me?") throw std::runtime_error("a wrong echo");
        }));
    }
    for (auto const& client : clients)
        REQUIRE_NOTHROW(client->join());
    CHECK(server.count(Counter::refused) == 0);
}

TEST_CASE("fault_A8: a listening socket that somebody shuts down is told, and makes no loop") {
    std::atomic<int> lost{0};
    Options options = test_options();
    options.on_event = [&](Event event) { lost += event == Event::listener_lost ? 1 : 0; };
    TestServer<Echo> server{options};
    Client client = server.connect();
    client.send_all("x");
    REQUIRE(client.receive_exactly(1) == "x");
    REQUIRE(::shutdown(listening_descriptor(server.address()), SHUT_RDWR) == 0);
    eventually("the loss is told", [&] { return lost == 1; });
    // The connection that is there is served as before, at the price that it always has.
    std::uint64_t const turns = server.count(Counter::turns);
    for (int i = 0; i < 100; ++i) {
        client.send_all("x");
        REQUIRE(client.receive_exactly(1) == "x");
    }
    CHECK(server.count(Counter::turns) <= turns + 100 * 4 + 10);
    CHECK(lost == 1);
}

TEST_CASE("fault_A11: connections spread over the workers") {
    TestServer<Echo> server{test_options(2)};
    std::size_t const count = std::max<std::size_t>(scaled(1000), 200);
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i)
        clients.push_back(server.connect());
    server.await(Counter::accepted, count);
    std::uint64_t const most =
        std::max(server.counters(0)[Counter::accepted], server.counters(1)[Counter::accepted]);
    CHECK(most * 2 < count * 3 / 2);
}

TEST_CASE("fault_A13: an echo goes on while others connect and vanish") {
    TestServer<Echo> server{test_options()};
    Client canary = server.connect();
    for (std::size_t i = 0; i < scaled(2000); ++i) {
        server.connect().reset();
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
    }
    canary.close();
    server.await_nothing_left();
}

TEST_CASE("fault_O4: stopped for a while, the server goes on where it was") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess process({"--workers", "2", "--idle-timeout", "1h"});
    Client before(loopback(process.port()));
    before.send_all("before");
    REQUIRE(before.receive_exactly(6) == "before");
    process.signal(SIGSTOP);
    before.send_all("meanwhile");
    Client during(loopback(process.port())); // the kernel completes the connection
    during.send_all("new");
    before.await_arrival();
    during.await_arrival();
    // Five seconds are what the kernel's own timers have to bear as well; here they are the point.
    if (scale() == Scale::full) std::this_thread::sleep_for(std::chrono::seconds(5));
    process.signal(SIGCONT);
    CHECK(before.receive_exactly(9) == "meanwhile");
    CHECK(during.receive_exactly(3) == "new");
    process.signal(SIGTERM);
    before.close();
    during.close();
    CHECK(process.wait() == 0);
}

TEST_CASE("fault_X1: one source may take every place, and gives it back") {
    Options options = test_options(1);
    options.max_connections = 8;
    TestServer<Echo> server{options};
    std::vector<Client> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(server.connect());
    server.await(Counter::connections_open, 8);
    Client waiting = server.connect();
    waiting.send_all("patience");
    all.clear();
    CHECK(waiting.receive_exactly(8) == "patience");
}
