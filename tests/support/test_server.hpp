// A server in this process, as most tests want it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <kodama/kodama.hpp>

#include <support/client.hpp>
#include <support/eventually.hpp>
#include <support/payload.hpp>
#include <support/process_info.hpp>
#include <support/watchdog.hpp>

namespace kodama::testing {

// RFC 862.
struct Echo {
    void on_receive(Connection& connection, Buffer buffer) { connection.send(std::move(buffer)); }
};

// One loopback address and a free port. The linger timeout is as long as a test is patient: where
// it is met, a test fails instead of passing by luck.
[[nodiscard]] inline Options test_options(std::uint32_t workers = 1) {
    return {.listen = {"127.0.0.1:0"},
            .workers = workers,
            .linger_timeout = patience,
            .drain_timeout = patience};
}

// The limit is raised before the server asks for it, and the watchdog outlives the server.
struct BeforeServer {
    BeforeServer() { raise_descriptor_limit(); }

    Watchdog watchdog;
};

template <SessionHooksOf S> class TestServer : private BeforeServer, public Server<S> {
public:
    explicit TestServer(Options options = test_options()) : Server<S>(std::move(options)) {}
    template <class Shared>
    TestServer(Options const& options, Shared& shared) : Server<S>(options, shared) {}

    [[nodiscard]] Address address() const { return this->endpoints().front(); }

    [[nodiscard]] Client connect(ClientOptions options = {}) const {
        return Client(address(), options);
    }

    [[nodiscard]] std::uint64_t count(Counter counter) const { return this->counters()[counter]; }

    [[nodiscard]] std::uint64_t count(CloseReason reason) const { return this->counters()[reason]; }

    void await(Counter counter, std::uint64_t value) const {
        eventually(std::string(name_of(counter)) + " becomes " + std::to_string(value),
                   [&] { return count(counter) == value; });
    }

    void await(CloseReason reason, std::uint64_t value) const {
        eventually(std::string(name_of(reason)) + " becomes " + std::to_string(value),
                   [&] { return count(reason) == value; });
    }

    // Every slot and every buffer comes back.
    void await_nothing_left() const {
        await(Counter::connections_open, 0);
        await(Counter::buffers_out, 0);
    }
};

// Sends the payload, without reading, until the server has bytes for this client that it cannot
// send now; returns how many bytes were sent. It cannot tell this client from others that do not
// read either.
template <SessionHooksOf S>
std::uint64_t block(TestServer<S> const& server, Client& client, Payload const& payload) {
    std::uint64_t const blocked = server.count(Counter::sends_blocked);
    std::uint64_t sent = 0;
    eventually("the server's send is blocked", [&] {
        std::uint64_t before = 0;
        do {
            before = sent;
            sent += client.send_some(payload.bytes(64 * 1024, sent));
        } while (sent > before && server.count(Counter::sends_blocked) == blocked);
        return server.count(Counter::sends_blocked) > blocked;
    });
    return sent;
}

// The same, until it cannot send them for good: neither does the client's socket take more, nor
// does the server read on. (One blocked send alone may still fit in when the kernel makes room.)
template <SessionHooksOf S>
std::uint64_t block_for_good(TestServer<S> const& server, Client& client, Payload const& payload) {
    std::uint64_t sent = block(server, client, payload);
    eventually("the server stops reading", [&] {
        while (std::size_t const count = client.send_some(payload.bytes(256 * 1024, sent))) {
            sent += count;
        }
        std::uint64_t const before = server.count(Counter::bytes_received);
        return !client.await_writable(std::chrono::milliseconds(200)) &&
               server.count(Counter::bytes_received) == before;
    });
    return sent;
}

// Finishes, and reads after all: `size` bytes of the payload, then the FIN.
inline void receive_everything(Client& client, Payload const& payload, std::uint64_t size) {
    client.shut_down_sending();
    std::vector<std::byte> piece(64 * 1024);
    std::uint64_t received = 0;
    while (std::size_t const count = client.receive_some(piece)) {
        payload.check(std::span(piece).first(count), received);
        received += count;
    }
    if (received != size) {
        throw std::runtime_error("FIN after " + std::to_string(received) + " of " +
                                 std::to_string(size) + " bytes");
    }
}

} // namespace kodama::testing
