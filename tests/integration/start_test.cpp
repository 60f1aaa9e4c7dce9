// How a server starts: where it listens, what it uses, and why it cannot.
#include <support/catch.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/time.h>

#include <support/descriptor.hpp>
#include <support/load.hpp>
#include <support/process_info.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

std::string setup_failure(Options const& options, SetupError::Kind expected) {
    try {
        Server<Echo> const server{options};
        return "it started";
    } catch (SetupError const& error) {
        return error.kind() == expected ? error.what() : "the wrong kind of SetupError";
    }
}

} // namespace

TEST_CASE("port 0 is one free port, the same for all families and workers of an endpoint") {
    Options options = test_options(2);
    options.listen = {"localhost:0", "127.0.0.1:0"};
    TestServer<Echo> server{options};
    std::vector<Address> const& endpoints = server.endpoints();
    REQUIRE(endpoints.size() >= 2);
    CHECK(endpoints.front().port() != 0);
    CHECK(endpoints.back().port() != 0);
    CHECK(endpoints.back().port() != endpoints.front().port());
    for (std::size_t i = 0; i + 1 < endpoints.size(); ++i) {
        CHECK(endpoints[i].port() == endpoints.front().port());
    }
    for (Address const& endpoint : endpoints) {
        INFO(endpoint.to_string());
        REQUIRE_NOTHROW(run({.server = endpoint, .connections = 20, .bytes = 1000}));
    }
}

TEST_CASE("all addresses of both families are one endpoint") {
    Options options = test_options(2);
    options.listen = {"*:0"};
    TestServer<Echo> server{options};
    REQUIRE_FALSE(server.endpoints().empty());
    std::uint16_t const port = server.endpoints().front().port();
    for (Address const& endpoint : server.endpoints()) {
        CHECK(endpoint.port() == port);
        bool const v6 = endpoint.family() == AddressFamily::ipv6;
        Address const address =
            v6 ? Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port)
               : loopback(port);
        INFO(address.to_string());
        REQUIRE_NOTHROW(run({.server = address, .connections = 20, .bytes = 1000}));
    }
}

TEST_CASE("when the constructor returns, every worker accepts") {
    for (int round = 0; round < 20; ++round) {
        TestServer<Echo> server{test_options(2)};
        for (int i = 0; i < 8; ++i) {
            Client client = server.connect();
            client.send_all("hello");
            REQUIRE(client.receive_exactly(5) == "hello");
        }
    }
}

TEST_CASE("a port in use is an error although workers share theirs") {
    TestServer<Echo> const first{test_options(2)};
    Options options = test_options(2);
    options.listen = {first.address().to_string()};
    std::string const message = setup_failure(options, SetupError::Kind::refused);
    CHECK_THAT(message, contains_text(first.address().to_string()));
    CHECK_THAT(message, contains_text("in use"));
}

TEST_CASE("the port of a drained server can be bound again at once") {
    std::string listen = "127.0.0.1:0";
    for (int round = 0; round < 6; ++round) {
        std::vector<Client> clients;
        Options options = test_options(2);
        options.listen = {listen};
        options.linger_timeout = std::chrono::milliseconds(10);
        TestServer<Echo> server{options};
        listen = server.address().to_string();
        for (int i = 0; i < 10; ++i) {
            clients.push_back(server.connect());
            clients.back().send_all("hello");
            REQUIRE(clients.back().receive_exactly(5) == "hello");
        }
        // Half of the rounds: the clients finish after the server, whose sockets then linger in
        // FIN_WAIT_2 or TIME_WAIT on the port.
        if (round % 2 == 0) clients.clear();
        CHECK(server.drain(patience) == 0);
    }
}

TEST_CASE("two servers in one process do not know of each other", "[threads]") {
    TestServer<Echo> one{test_options(2)};
    auto two = std::make_unique<TestServer<Echo>>(test_options(1));
    REQUIRE_NOTHROW(run({.server = one.address(), .connections = 20, .bytes = 10'000}));
    CHECK(two->count(Counter::accepted) == 0);
    REQUIRE_NOTHROW(run({.server = two->address(), .connections = 10, .bytes = 10'000}));
    CHECK(one.count(Counter::accepted) == 20);
    CHECK(two->count(Counter::accepted) == 10);
    two.reset();
    REQUIRE_NOTHROW(run({.server = one.address(), .connections = 20, .bytes = 10'000}));
    CHECK(one.count(Counter::accepted) == 40);
}

TEST_CASE("a server serves with each feature masked, and with all of them") {
    std::vector<FeatureSet> masks{FeatureSet::all()};
    for (Feature const feature : all_features)
        masks.emplace_back().add(feature);
    for (FeatureSet const mask : masks) {
        INFO("without " << mask.to_string());
        Options options = test_options(2);
        options.disabled = mask;
        TestServer<Echo> server{options};
        for (Feature const feature : all_features) {
            if (mask.has(feature)) CHECK_FALSE(server.features().has(feature));
        }
        std::size_t const before = open_descriptors(::getpid());
        REQUIRE_NOTHROW(run({.server = server.address(), .connections = 50, .bytes = 100'000}));
        server.connect().reset();
        server.await_nothing_left();
        eventually("the descriptors are back to the starting count",
                   [&] { return open_descriptors(::getpid()) == before; });
        CHECK(server.drain(patience) == 0);
    }
}

TEST_CASE("an impossible option says which, what it was and what it may be") {
    Options options = test_options();
    options.workers = 1025;
    CHECK_THROWS_AS(Server<Echo>{options}, OptionError);
    CHECK_THROWS_WITH(Server<Echo>{options},
                      contains_text("workers") && contains_text("1025") && contains_text("1024"));
    options = test_options();
    options.buffers.size = 63;
    CHECK_THROWS_AS(Server<Echo>{options}, OptionError);
    CHECK_THROWS_WITH(Server<Echo>{options}, contains_text("63") && contains_text("64"));
    options = test_options();
    options.max_pending = 0;
    CHECK_THROWS_AS(Server<Echo>{options}, OptionError);
    options = test_options();
    options.max_pending_total = options.max_pending; // and no room for the receive buffers
    CHECK_THROWS_WITH(Server<Echo>{options}, contains_text("max_pending_total"));
    options = test_options();
    options.listen = {"nowhere:port"};
    CHECK_THROWS_AS(Server<Echo>{options}, OptionError);
}

TEST_CASE("making a server does not interrupt the calls of the thread that makes it") {
    raise_descriptor_limit();
    for (std::size_t i = 0; i < scaled(100); ++i) {
        Server<Echo> server{test_options(2)};
        // A socket with a deadline is not restarted by the kernel: EINTR would show.
        int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        Descriptor const socket(fd);
        timeval const deadline{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
        sockaddr_storage storage{};
        socklen_t const length = server.endpoints().front().to(storage);
        char byte = 'x';
        REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0);
        REQUIRE(::send(fd, &byte, 1, 0) == 1);
        REQUIRE(::recv(fd, &byte, 1, 0) == 1);
    }
}
