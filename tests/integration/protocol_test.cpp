// Sessions made of sessions, on the kernel.
#include <support/catch.hpp>

#include <atomic>
#include <span>
#include <string>
#include <string_view>

#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

struct Greeter {
    void on_line(Connection& connection, std::string_view line) {
        ++lines;
        if (line == "quit") return connection.close();
        connection.send_copy("hello, ");
        connection.send_copy(line);
        connection.send_copy("\n");
    }

    static inline std::atomic<int> lines{0};
};

struct Finisher : Greeter {
    void on_unfinished_line(Connection& connection, std::string_view rest) {
        connection.send_copy(rest);
        connection.send_copy("?");
    }
};

struct MessageEcho {
    void on_message(Connection& connection, std::span<std::byte const> message) {
        connection.send_copy(big_endian(message.size()));
        connection.send_copy(message);
    }
};

} // namespace

TEST_CASE("a line is answered when its end has come, whatever it came in") {
    TestServer<Lines<Greeter>> server{test_options()};
    Client client = server.connect();
    client.send_all("wor");
    server.await(Counter::receives, 1);
    client.send_all("ld\r\nyou\n");
    CHECK(client.receive_exactly(24) == "hello, world\nhello, you\n");
    client.send_all("dropped");
    client.shut_down_sending();
    CHECK(client.receive_until_fin().empty());
    server.await_nothing_left();
    CHECK(server.count(CloseReason::peer_finished) == 1);
}

TEST_CASE("after close() the lines that have already come are not served any more") {
    Greeter::lines = 0;
    TestServer<Lines<Greeter>> server{test_options()};
    Client client = server.connect();
    client.send_all("one\nquit\ntwo\nthree\n");
    CHECK(client.receive_until_fin() == "hello, one\n");
    client.shut_down_sending();
    server.await_nothing_left();
    CHECK(Greeter::lines == 2);
    CHECK(server.count(CloseReason::session_closed) == 1);
}

TEST_CASE("a line that is too long closes the connection, after the answers to those before it") {
    TestServer<Lines<Greeter, 8>> server{test_options()};
    Client client = server.connect();
    client.send_all("world\n" + std::string(9, 'x'));
    CHECK(client.receive_until_fin() == "hello, world\n");
    client.shut_down_sending();
    server.await_nothing_left();
    CHECK(server.count(CloseReason::session_closed) == 1);
}

TEST_CASE("the rest without LF can be answered after the peer's FIN") {
    TestServer<Lines<Finisher>> server{test_options()};
    Client client = server.connect();
    client.send_all("world\nwh");
    client.shut_down_sending();
    CHECK(client.receive_until_fin() == "hello, world\nwh?");
    server.await_nothing_left();
}

TEST_CASE("a message is answered when all of it has come, and one too long closes") {
    TestServer<LengthPrefixed<MessageEcho, 8>> server{test_options()};
    Client client = server.connect();
    using namespace std::string_view_literals;
    client.send_all("\0\0"sv);
    server.await(Counter::receives, 1);
    client.send_all("\0\5wor"sv);
    server.await(Counter::receives, 2);
    client.send_all("ld\0\0\0\0"sv);
    CHECK(client.receive_exactly(13) == "\0\0\0\5world\0\0\0\0"sv);
    client.send_all("\0\0\0\x9"sv);
    CHECK(client.receive_until_fin().empty());
    client.shut_down_sending();
    server.await_nothing_left();
    CHECK(server.count(CloseReason::session_closed) == 1);
}
