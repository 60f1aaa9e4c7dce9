// What a session can do with its connection, and what it sees of it.
#include <support/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <support/background.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

struct Greeter : Echo {
    void on_open(Connection& connection) { connection.send_copy("welcome\n"); }
};

// Says everything it has to say at the first message, and reads on.
struct FinishesFirst {
    void on_receive(Connection& connection, Buffer buffer) {
        heard += buffer.size();
        if (buffer.text().starts_with("bye")) {
            connection.send_copy("bye");
            connection.finish();
        }
        refused_after_finish = !connection.send_copy("more");
    }

    void on_peer_finished(Connection& connection) { connection.close(); }

    static inline std::atomic<std::uint64_t> heard{0};
    static inline std::atomic<bool> refused_after_finish{false};
};

constexpr std::size_t long_answer = 300'000;

// Answers the first byte at length and closes, whatever else is under way.
struct ClosesEarly {
    void on_receive(Connection& connection, Buffer) {
        if (std::exchange(answered, true)) return;
        connection.send_copy(Payload(1, 1).bytes(long_answer));
        connection.close();
    }

    bool answered = false;
};

struct Aborts {
    void on_receive(Connection& connection, Buffer) { connection.abort(); }
};

struct TellsPeer {
    void on_open(Connection& connection) {
        connection.send_copy(connection.peer().to_string() + "\n");
    }

    void on_receive(Connection& connection, Buffer) {
        connection.send_copy(connection.peer().to_string() + "\n");
    }
};

// Sends "<" and what is between the first four bytes and the last, and ">".
struct SendsPart {
    void on_receive(Connection& connection, Buffer buffer) {
        buffer.remove_prefix(4);
        buffer.keep_prefix(buffer.size() - 1);
        connection.send_copy("<");
        connection.send(std::move(buffer));
        connection.send_copy(">");
    }
};

// Keeps the first message's memory until the second has come.
struct SwapsTwo {
    void on_receive(Connection& connection, Buffer buffer) {
        if (kept.empty()) {
            kept = std::move(buffer);
            return;
        }
        connection.send(std::move(buffer));
        connection.send(std::move(kept));
    }

    Buffer kept;
};

// Sends ten bytes for each that it receives, a piece at a time, and goes on where it was refused.
struct TenTimes {
    void on_receive(Connection& connection, Buffer buffer) {
        owed += 10 * buffer.size();
        go_on(connection);
    }

    void on_writable(Connection& connection) {
        ++writables;
        go_on(connection);
    }

    void on_peer_finished(Connection& connection) {
        peer_finished = true;
        go_on(connection);
    }

    void go_on(Connection& connection) {
        std::array<std::byte, 1000> piece{};
        while (owed > 0) {
            auto const bytes = std::span(piece).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), owed)));
            Payload(10, 10).fill(bytes, sent);
            if (!connection.send_copy(bytes)) {
                ++refusals;
                return;
            }
            sent += bytes.size();
            owed -= bytes.size();
        }
        if (peer_finished) connection.close();
    }

    std::uint64_t owed = 0;
    std::uint64_t sent = 0;
    bool peer_finished = false;

    static inline std::atomic<std::uint64_t> refusals{0};
    static inline std::atomic<std::uint64_t> writables{0};
};

} // namespace

TEST_CASE("a session that sends in on_open greets before any data") {
    TestServer<Greeter> server{test_options()};
    Client client = server.connect();
    CHECK(client.receive_exactly(8) == "welcome\n");
    client.send_all("hello");
    CHECK(client.receive_exactly(5) == "hello");
    client.shut_down_sending();
    CHECK(client.receive_until_fin().empty());
    server.await_nothing_left();
}

TEST_CASE("finish() sends FIN after everything queued, and reading goes on") {
    FinishesFirst::heard = 0;
    TestServer<FinishesFirst> server{test_options()};
    Client client = server.connect();
    client.send_all("bye");
    CHECK(client.receive_until_fin() == "bye");
    std::string const more(100'000, 'm');
    client.send_all(more);
    server.await(Counter::bytes_received, 3 + more.size());
    CHECK(server.count(Counter::connections_open) == 1);
    client.shut_down_sending();
    server.await_nothing_left();
    CHECK(FinishesFirst::heard == 3 + more.size());
    CHECK(FinishesFirst::refused_after_finish);
    CHECK(server.count(CloseReason::session_closed) == 1);
}

TEST_CASE("close() with unread input pending gives the peer every sent byte and FIN, no reset") {
    std::uint64_t const seed = test_seed();
    INFO("seed " << seed);
    Options options = test_options();
    options.max_pending = long_answer;
    TestServer<ClosesEarly> server{options};
    for (std::size_t round = 0; round < scaled(100); ++round) {
        Client client = server.connect({.receive_buffer = 16 * 1024});
        // So much that the server has some of it unread whenever it closes.
        Background sender([&] { client.send_all(std::string(1 << 20, 'x')); });
        std::vector<std::byte> answer(long_answer);
        REQUIRE_NOTHROW(client.receive_exactly(answer));
        REQUIRE_NOTHROW(Payload(1, 1).check(answer, 0));
        REQUIRE_NOTHROW(client.expect_fin());
        REQUIRE_NOTHROW(sender.join());
        client.shut_down_sending();
        client.close();
        server.await(CloseReason::session_closed, round + 1);
    }
    server.await_nothing_left();
}

TEST_CASE("close() waits for the peer's FIN no longer than the linger timeout") {
    Options options = test_options();
    options.max_pending = long_answer;
    options.linger_timeout = std::chrono::milliseconds(50);
    TestServer<ClosesEarly> server{options};
    Client client = server.connect();
    client.send_all("x");
    std::vector<std::byte> answer(long_answer);
    REQUIRE_NOTHROW(client.receive_exactly(answer));
    REQUIRE_NOTHROW(client.expect_fin());
    server.await_nothing_left(); // although the client has not finished
    CHECK(server.count(CloseReason::session_closed) == 1);
}

TEST_CASE("abort() resets the connection") {
    TestServer<Aborts> server{test_options()};
    Client client = server.connect();
    client.send_all("x");
    CHECK(client.discard_until_end() == ECONNRESET);
    server.await_nothing_left();
    CHECK(server.count(CloseReason::session_aborted) == 1);
}

TEST_CASE("peer() is the address that the client has") {
    Options options = test_options();
    options.listen = {"localhost:0"};
    TestServer<TellsPeer> server{options};
    for (Address const& endpoint : server.endpoints()) {
        Client client(endpoint);
        std::string const expected = client.local_address().to_string() + "\n";
        INFO(endpoint.to_string());
        CHECK(client.receive_exactly(expected.size()) == expected);
        client.send_all("again");
        CHECK(client.receive_exactly(expected.size()) == expected);
    }
}

TEST_CASE("a part of a received buffer can be sent") {
    TestServer<SendsPart> server{test_options()};
    Client client = server.connect();
    client.send_all("len:payload!");
    CHECK(client.receive_exactly(9) == "<payload>");
    client.send_all("1234!"); // nothing is left between
    CHECK(client.receive_exactly(2) == "<>");
    client.shut_down_sending();
    REQUIRE_NOTHROW(client.expect_fin());
    server.await_nothing_left();
}

TEST_CASE("a session may keep a buffer and send it later") {
    TestServer<SwapsTwo> server{test_options()};
    Client client = server.connect();
    client.send_all("first");
    server.await(Counter::receives, 1);
    server.await(Counter::buffers_out, 1);
    client.send_all("second");
    CHECK(client.receive_exactly(11) == "secondfirst");
    server.await(Counter::buffers_out, 0);
}

TEST_CASE("a buffer that a session still keeps goes back when the connection ends") {
    Options options = test_options();
    options.buffers = {.count = 8, .size = 1024}; // fewer than there will be connections
    TestServer<SwapsTwo> server{options};
    for (std::size_t round = 0; round < scaled(1000); ++round) {
        Client client = server.connect();
        client.send_all("kept");
        server.await(Counter::receives, round + 1);
        if (round % 2 == 0) client.reset();
    }
    server.await_nothing_left();
}

TEST_CASE("after a refused send on_writable follows, and nothing is lost or doubled") {
    TenTimes::refusals = 0;
    TenTimes::writables = 0;
    Options options = test_options();
    // Ten times one full buffer is more than a connection may hold, however it is received.
    options.max_pending = 4096;
    options.buffers = {.count = 2, .size = 4096};
    TestServer<TenTimes> server{options};
    std::uint64_t const sent = 1'000'000; // ten times that is more than the kernel holds unread
    Client client = server.connect({.receive_buffer = 16 * 1024});
    Background sender([&] {
        client.send_all(std::string(sent, 'x'));
        client.shut_down_sending();
    });
    eventually("a send is refused", [] { return TenTimes::refusals > 0; });
    std::vector<std::byte> piece(64 * 1024);
    std::uint64_t received = 0;
    while (std::size_t const count = client.receive_some(piece)) {
        REQUIRE_NOTHROW(Payload(10, 10).check(std::span(piece).first(count), received));
        received += count;
    }
    REQUIRE_NOTHROW(sender.join());
    CHECK(received == 10 * sent);
    CHECK(TenTimes::writables > 0);
    server.await_nothing_left();
    CHECK(server.count(CloseReason::session_closed) == 1);
}
