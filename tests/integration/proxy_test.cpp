// The proxy on the kernel: both directions, both ends, and what one side's trouble is for the
// other.
#include <support/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <string>

#include <examples/proxy.hpp>
#include <support/background.hpp>
#include <support/load.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

Options proxy_options(std::uint32_t workers = 1) {
    Options options = test_options(workers);
    options.max_outgoing = 4096;
    return options;
}

// A proxy in front of it. The upstream server ends last.
template <class S> struct Proxied {
    explicit Proxied(Options const& of_proxy = proxy_options())
        : address(upstream.address()), proxy(of_proxy, address) {}

    TestServer<S> upstream;
    Address const address;
    TestServer<examples::Proxy> proxy;
};

// Upstream servers that are no echo servers.
struct Greeter { // says something, finishes, and listens on
    void on_open(Connection& connection) {
        connection.send_copy("hello");
        connection.finish();
    }
    void on_receive(Connection& /*connection*/, Buffer /*buffer*/) {}
};

struct Resetter {
    void on_receive(Connection& connection, Buffer /*buffer*/) { connection.abort(); }
};

struct Deaf { // until it is told otherwise
    void on_open(Connection& connection) { connection.pause_receiving(); }
    void on_receive(Connection& connection, Buffer buffer) { connection.send(std::move(buffer)); }
};

struct Hesitant { // answers nothing before the client has finished
    void on_receive(Connection& /*connection*/, Buffer buffer) { size += buffer.size(); }
    void on_peer_finished(Connection& connection) {
        connection.send_copy(std::to_string(size));
        connection.close();
    }
    std::size_t size = 0;
};

// An address at which nobody listens.
Address nobody() {
    TestServer<Echo> server;
    return server.address();
}

} // namespace

TEST_CASE("a proxy carries what is said and what is answered, of many connections") {
    Proxied<Echo> servers(proxy_options(GENERATE(1u, 2u)));
    run({.server = servers.proxy.address(),
         .connections = scaled(50),
         .bytes = scaled(200'000),
         .seed = test_seed()});
    servers.proxy.await_nothing_left();
    servers.upstream.await_nothing_left();
    CHECK(servers.proxy.count(Counter::outgoing) == scaled(50));
    CHECK(servers.proxy.count(CloseReason::session_closed) == 2 * scaled(50));
}

TEST_CASE("a proxy serves a thousand clients at once") {
    Proxied<Echo> servers;
    run({.server = servers.proxy.address(),
         .connections = 1000,
         .bytes = 1000,
         .seed = test_seed()});
    servers.proxy.await_nothing_left();
    CHECK(servers.proxy.count(Counter::outgoing) == 1000);
}

TEST_CASE("a proxy hands on the client's FIN, and the answer after it") {
    Proxied<Hesitant> servers;
    Client client = servers.proxy.connect();
    client.send_all(std::string(100'000, 'x'));
    client.shut_down_sending();
    CHECK(client.receive_until_fin() == "100000");
    servers.proxy.await_nothing_left();
}

TEST_CASE("a proxy hands on the upstream server's FIN, and what is said after it") {
    Proxied<Greeter> servers;
    Client client = servers.proxy.connect();
    CHECK(client.receive_until_fin() == "hello");
    client.send_all(std::string(100'000, 'x'));
    servers.upstream.await(Counter::bytes_received, 100'000);
    client.shut_down_sending();
    servers.proxy.await_nothing_left();
    servers.upstream.await_nothing_left();
    CHECK(servers.upstream.count(CloseReason::session_closed) == 1);
}

TEST_CASE("a client that resets its connection resets the upstream server's") {
    Proxied<Echo> servers;
    Client client = servers.proxy.connect();
    client.send_all("x");
    CHECK(client.receive_exactly(1) == "x");
    client.reset();
    servers.upstream.await(CloseReason::peer_gone, 1);
    servers.proxy.await_nothing_left();
    CHECK(servers.proxy.count(CloseReason::peer_gone) == 1);
    CHECK(servers.proxy.count(CloseReason::session_aborted) == 1);
}

TEST_CASE("an upstream server that resets its connection resets the client's") {
    Proxied<Resetter> servers;
    Client client = servers.proxy.connect();
    client.send_all("x");
    CHECK(client.discard_until_end() == ECONNRESET);
    servers.proxy.await_nothing_left();
}

TEST_CASE("a client is closed when the upstream server cannot be reached") {
    Address const upstream = nobody();
    TestServer<examples::Proxy> proxy(proxy_options(), upstream);
    Client client = proxy.connect();
    client.expect_fin();
    client.close();
    proxy.await_nothing_left();
    CHECK(proxy.count(CloseReason::connect_failed) == 1);
}

TEST_CASE("a client is closed when there is no place for another outgoing connection") {
    TestServer<Echo> upstream;
    Address const address = upstream.address();
    Options options = proxy_options();
    options.max_outgoing = GENERATE(0u, 1u);
    TestServer<examples::Proxy> proxy(options, address);
    Client first = proxy.connect();
    if (options.max_outgoing > 0) {
        first.send_all("x");
        CHECK(first.receive_exactly(1) == "x");
    }
    Client last = proxy.connect();
    last.expect_fin();
    CHECK(proxy.count(Counter::outgoing_refused) == 2 - options.max_outgoing);
}

TEST_CASE("an upstream server that does not read holds its client back, and no other") {
    Options options = proxy_options();
    options.buffers = {.count = 64, .size = 4096};
    options.max_pending = 64 * 1024;
    Proxied<Deaf> servers(options);
    Client client = servers.proxy.connect();
    Payload const payload(test_seed(), 0);
    block_for_good(servers.proxy, client, payload);
    Counters const counters = servers.proxy.counters();
    std::uint64_t const held = counters[Counter::bytes_received] - counters[Counter::bytes_sent];
    CHECK(held <= options.max_pending + 2 * options.buffers.count * options.buffers.size);
    CHECK(counters[Counter::held_back] >= 1);
    CHECK(counters[Counter::buffers_out] == 0);
    Client other = servers.proxy.connect();
    servers.proxy.await(Counter::outgoing, 2);
    CHECK(servers.proxy.stop() == 4);
    CHECK(client.discard_until_end() == ECONNRESET);
}

TEST_CASE("a client that does not read is served all the same, and gets everything in the end") {
    Options options = proxy_options();
    options.buffers = {.count = 64, .size = 4096};
    Proxied<Echo> servers(options);
    Client client = servers.proxy.connect();
    Payload const payload(test_seed(), 0);
    std::uint64_t const size = block_for_good(servers.proxy, client, payload);
    REQUIRE_NOTHROW(receive_everything(client, payload, size));
    servers.proxy.await_nothing_left();
}

TEST_CASE("a drain of a proxy ends both sides in order") {
    Proxied<Echo> servers;
    Client client = servers.proxy.connect();
    client.send_all("last words");
    CHECK(client.receive_exactly(10) == "last words");
    std::string rest;
    Background reader([&] {
        rest = client.receive_until_fin();
        client.close();
    });
    CHECK(servers.proxy.drain(patience) == 0);
    reader.join();
    CHECK(rest.empty());
    CHECK(servers.proxy.count(CloseReason::drained) == 2);
    servers.upstream.await_nothing_left();
    CHECK(servers.upstream.count(CloseReason::peer_finished) == 1);
}

TEST_CASE("a stop of a proxy resets both sides") {
    Proxied<Echo> servers;
    Client client = servers.proxy.connect();
    client.send_all("x");
    CHECK(client.receive_exactly(1) == "x");
    CHECK(servers.proxy.stop() == 2);
    CHECK(client.discard_until_end() == ECONNRESET);
    servers.upstream.await(CloseReason::peer_gone, 1);
}
