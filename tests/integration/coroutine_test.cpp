// Sessions that are coroutines, on the kernel.
#include <support/catch.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <support/background.hpp>
#include <support/payload.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;
using namespace std::chrono_literals;

namespace {

Task echo(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive();
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

Task greeter(Stream stream) {
    co_await stream.send_copy("name?\n");
    std::optional<std::string_view> const name = co_await stream.read_until('\n', 8, 30s);
    if (!name) {
        co_await stream.send_copy(stream.late()            ? "late\n"
                                  : stream.peer_finished() ? "finished\n"
                                                           : "too long\n");
        co_return;
    }
    co_await stream.send_copy("hello, ");
    co_await stream.send_copy(*name);
    co_await stream.send_copy("\n");
}

Task hasty(Stream stream) {
    Buffer const buffer = co_await stream.receive(10ms);
    co_await stream.send_copy(stream.late() && buffer.empty() ? "late" : "?");
}

Task sleeper(Stream stream) {
    auto const start = std::chrono::steady_clock::now();
    co_await stream.sleep(20ms);
    bool const enough = std::chrono::steady_clock::now() - start >= 20ms;
    co_await stream.send_copy(enough ? "slept" : "too short");
}

// Sends more than there is room for, and so waits again and again.
constexpr std::size_t long_answer = 3'000'000;
Task generous(Stream stream) {
    std::array<std::byte, 500> piece{};
    for (std::size_t sent = 0; sent < long_answer; sent += piece.size()) {
        Payload(1, 1).fill(piece, sent);
        co_await stream.send_copy(piece);
    }
}

Task stuck(Stream stream) {
    static constexpr std::array<std::byte, 4096> piece{};
    while (co_await stream.send_copy(piece, 20ms)) {
    }
    if (stream.late()) stream.connection().abort();
    co_await stream.receive();
}

// Counts itself for as long as it lives.
struct Local {
    Local() { ++alive; }
    Local(Local const&) = delete;
    Local& operator=(Local const&) = delete;
    ~Local() { --alive; }
    static inline std::atomic<int> alive{0};
};

Task waiter(Stream stream) {
    Local const local;
    Buffer const kept = co_await stream.receive();
    co_await stream.sleep(Stream::forever);
}

Task thrower(Stream stream) {
    Local const local;
    co_await stream.receive();
    throw std::runtime_error("wrong");
}

Task large(Stream stream) {
    std::array<std::byte, 5000> locals{};
    Buffer const buffer = co_await stream.receive();
    locals[0] = buffer.bytes()[0];
    co_await stream.receive();
    co_await stream.send_copy(std::span<std::byte const>(locals).first(1));
}

} // namespace

TEST_CASE("a coroutine echoes, and the connection closes after it has returned") {
    TestServer<Coroutine<echo>> server{test_options()};
    Client client = server.connect();
    client.send_all("hello");
    CHECK(client.receive_exactly(5) == "hello");
    client.shut_down_sending();
    CHECK(client.receive_until_fin().empty());
    server.await_nothing_left();
    CHECK(server.count(CloseReason::session_closed) == 1);
}

TEST_CASE("a coroutine reads a line, or is told why there is none") {
    TestServer<Coroutine<greeter>> server{test_options()};
    auto const answer_to = [&](std::string_view said) {
        Client client = server.connect();
        client.send_all(said);
        client.shut_down_sending();
        return client.receive_until_fin();
    };
    CHECK(answer_to("you\n") == "name?\nhello, you\n");
    CHECK(answer_to("12345678\n") == "name?\nhello, 12345678\n");
    CHECK(answer_to("123456789\n") == "name?\ntoo long\n");
    CHECK(answer_to("you") == "name?\nfinished\n");
    server.await_nothing_left();
}

TEST_CASE("a coroutine's receive ends at its deadline, and sleep when it is over") {
    TestServer<Coroutine<hasty>> server{test_options()};
    CHECK(server.connect().receive_until_fin() == "late");
    TestServer<Coroutine<sleeper>> other{test_options()};
    Client client = other.connect();
    client.send_all("which nobody reads");
    CHECK(client.receive_until_fin() == "slept");
}

TEST_CASE("a coroutine's send waits until there is room, and nothing is lost or doubled") {
    Options options = test_options();
    options.max_pending = 4096;
    options.buffers = {.count = 2, .size = 4096};
    TestServer<Coroutine<generous>> server{options};
    Client client = server.connect({.receive_buffer = 16 * 1024});
    std::vector<std::byte> answer(long_answer);
    REQUIRE_NOTHROW(client.receive_exactly(answer));
    REQUIRE_NOTHROW(Payload(1, 1).check(answer, 0));
    REQUIRE_NOTHROW(client.expect_fin());
    client.shut_down_sending();
    server.await_nothing_left();
}

TEST_CASE("a coroutine's send ends at its deadline when the peer does not read") {
    TestServer<Coroutine<stuck>> server{test_options()};
    Client client = server.connect({.receive_buffer = 16 * 1024});
    server.await(CloseReason::session_aborted, 1);
    server.await_nothing_left();
}

TEST_CASE("a coroutine and its locals are destroyed with the connection, wherever it waits") {
    {
        TestServer<Coroutine<waiter>> server{test_options()};
        Client first = server.connect();
        eventually("the first runs", [] { return Local::alive == 1; });
        first.reset();
        eventually("the first has ended", [] { return Local::alive == 0; });
        Client second = server.connect();
        second.send_all("kept");
        server.await(Counter::receives, 1);
        second.send_all("not read");
        Client third = server.connect();
        eventually("the third runs too", [] { return Local::alive == 2; });
        CHECK(server.stop() == 2);
    }
    CHECK(Local::alive == 0);
}

TEST_CASE("a coroutine that throws has its connection reset, and nobody else's") {
    TestServer<Coroutine<thrower>> server{test_options()};
    Client client = server.connect();
    Client other = server.connect();
    client.send_all("x");
    CHECK(client.discard_until_end() == ECONNRESET);
    server.await(CloseReason::session_failed, 1);
    eventually("the other one runs", [] { return Local::alive == 1; });
}

TEST_CASE("a coroutine whose frame is larger than its memory is an error at start") {
    CHECK_THROWS_AS(Server<Coroutine<large>>{test_options()}, OptionError);
    CHECK_THROWS_WITH(Server<Coroutine<large>>{test_options()},
                      contains_text("the coroutine's frame takes ") &&
                          contains_text("CoroutineMemory::frame is 1024"));
    TestServer<Coroutine<large, CoroutineMemory{.frame = 8192}>> server{test_options()};
    Client client = server.connect();
    client.send_all("x");
    client.shut_down_sending();
    CHECK(client.receive_until_fin() == "x");
}
