// Servers that misbehave: each must be reported as what it is.
#include <algorithm>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include <harness/bent_server.hpp>
#include <harness/load_process.hpp>
#include <support/catch.hpp>
#include <support/eventually.hpp>

using namespace kodama::testing;

namespace {

// In messages of 64 bytes, byte 1000 is in the one after the first 15.
constexpr std::uint64_t place = 1000;
constexpr std::size_t message = 64;

bool holds_place(Turn const& turn) {
    return turn.offset <= place && place < turn.offset + turn.bytes.size();
}

} // namespace

TEST_CASE("load: a server that flips a byte is told with the place and both bytes") {
    BentServer const server(message, [](Turn turn) {
        if (holds_place(turn)) turn.bytes[place - turn.offset] ^= std::byte{0xff};
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "100"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "wrong_byte 1");
    CHECK(run.number("echoes") == 15);
    CHECK_THAT(run.errors(), contains_text("connection 0: wrong byte at offset 1000: expected 0x"));
    CHECK_THAT(run.errors(), contains_text(", got 0x"));
}

TEST_CASE("load: a server that loses a byte is told from its place on") {
    BentServer const server(message, [](Turn turn) {
        if (holds_place(turn))
            turn.bytes.erase(turn.bytes.begin() + static_cast<std::ptrdiff_t>(place - turn.offset));
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "100"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "wrong_byte 1");
    CHECK_THAT(run.errors(), contains_text("wrong byte at offset 1000"));
}

TEST_CASE("load: a server that loses the last byte leaves an answer that never comes") {
    BentServer const server(message, [](Turn turn) {
        turn.bytes.pop_back();
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "2", "--timeout", "100ms"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "timed_out 1");
    CHECK_THAT(
        run.errors(),
        contains_text("nothing came within 100ms, of 1 bytes that are awaited from offset 63"));
}

TEST_CASE("load: a server that swaps blocks is told where the first one begins") {
    BentServer const server(4096, [](Turn turn) {
        auto const middle = turn.bytes.begin() + 2048;
        if (turn.offset == 8192) std::swap_ranges(turn.bytes.begin() + 1024, middle, middle);
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "100", "--size", "4K"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "wrong_byte 1");
    CHECK(run.number("echoes") == 2);
    CHECK_THAT(run.errors(), contains_text("wrong byte at offset 9216"));
}

TEST_CASE("load: a server that sends what was not sent to it is wrong") {
    BentServer const server(message, [](Turn turn) {
        turn.bytes.push_back(turn.bytes.front());
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "1"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "wrong_byte 1");
    CHECK_THAT(run.errors(), contains_text("at offset 64: more came back than was sent"));
}

TEST_CASE("load: a server that answers one connection on another is wrong") {
    std::mutex mutex;
    std::vector<std::byte> first;
    BentServer const server(message, [&](Turn turn) {
        std::lock_guard const lock(mutex);
        if (first.empty()) first = turn.bytes;
        turn.bytes = first;
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "2", "--connections", "2"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "wrong_byte 1");
    CHECK(run.number("echoes") == 1);
}

TEST_CASE("load: a server that resets in the middle is told so") {
    BentServer const server(
        message, [](Turn turn) { return turn.offset >= 10 * message ? Then::reset : Then::go_on; });
    LoadRun const run(server.target(), {"--count", "100"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "reset 1");
    CHECK(run.number("echoes") == 10);
}

TEST_CASE("load: a server that ends early is told with what is missing") {
    BentServer const server(
        message, [](Turn turn) { return turn.offset >= 10 * message ? Then::close : Then::go_on; });
    LoadRun const run(server.target(), {"--count", "100"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "ended_early 1");
    CHECK(run.number("echoes") == 10);
    CHECK_THAT(run.errors(), contains_text("a FIN came at offset 640, before 64 bytes"));
}

TEST_CASE("load: a server that never answers times out, on every connection") {
    BentServer const server(message, [](Turn turn) {
        turn.bytes.clear();
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "8", "--connections", "7", "--timeout=100ms"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "timed_out 7");
    CHECK(run.number("echoes") == 0);
    CHECK_THAT(run.errors(), contains_text("more errors are counted and not told one by one"));
}

TEST_CASE("load: churn goes on after a failure") {
    BentServer const server(
        message, [](Turn turn) { return turn.connection == 3 ? Then::reset : Then::go_on; });
    LoadRun const run(server.target(), {"--count", "10", "--churn"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "reset 1");
    CHECK(run.number("echoes") == 9);
}

TEST_CASE("load: an idle connection that the server ends is an error") {
    BentServer const server(message, [](Turn turn) {
        // The FIN to the idle one goes out before the first echo.
        if (turn.offset == 0) turn.server.end(1);
        return Then::go_on;
    });
    LoadRun const run(server.target(), {"--count", "20", "--idle", "1"});
    CHECK(run.exit_code() == 1);
    CHECK(run.failures() == "ended_early 1");
    CHECK(run.number("echoes") == 20);
    CHECK_THAT(run.errors(), contains_text("a FIN came to an idle connection"));
}

TEST_CASE("load: a target that is not there is one line and exit code 69") {
    std::string target;
    {
        BentServer const server(1, [](Turn) { return Then::close; });
        target = server.target();
    }
    for (char const* const mode : {"--depth=1", "--churn", "--stream", "--rate=10"}) {
        LoadRun const run(target, {mode, "--connections", "3"});
        CAPTURE(mode);
        CHECK(run.exit_code() == 69);
        CHECK(run.output().empty());
        CHECK(run.errors() == "kodama-load: " + target + ": cannot connect: Connection refused\n");
    }
}

TEST_CASE("load: a name without an address is exit code 69") {
    LoadRun const run("no-such-host.invalid:7", {});
    CHECK(run.exit_code() == 69);
    CHECK_THAT(run.errors(), contains_text("no-such-host.invalid"));
}

TEST_CASE("load: a signal ends a run in order, with what was measured") {
    BentServer const server(message, [](Turn) { return Then::go_on; });
    for (int const signal : {SIGINT, SIGTERM}) {
        std::uint64_t const before = server.received();
        ChildProcess load(
            load_command(server.target(), {"--duration=1h", "--warm-up=0", "--json"}));
        eventually("messages come", [&] { return server.received() > before + 10 * message; });
        load.signal(signal);
        int const exit_code = load.wait();
        LoadRun const run(Finished{exit_code, load.output(), load.errors()});
        CHECK(run.exit_code() == 0);
        CHECK(run.failures() == "none");
        CHECK(run.number("echoes") > 0);
        CHECK_THAT(run.output(), contains_text("ended by a signal before its time"));
    }
}

TEST_CASE("load: a signal in the warm-up ends a run that has measured nothing") {
    BentServer const server(message, [](Turn) { return Then::go_on; });
    ChildProcess load(load_command(server.target(), {"--warm-up=1h", "--json"}));
    eventually("messages come", [&] { return server.received() > 10 * message; });
    load.signal(SIGINT);
    int const exit_code = load.wait();
    LoadRun const run(Finished{exit_code, load.output(), load.errors()});
    CHECK(run.exit_code() == 0);
    CHECK(run.number("window_s") < 1);
}

TEST_CASE("load: a second signal does not wait for answers") {
    BentServer const server(message, [](Turn turn) {
        turn.bytes.clear();
        return Then::go_on;
    });
    ChildProcess load(
        load_command(server.target(), {"--duration=1h", "--timeout=1h", "--warm-up=0"}));
    eventually("a message comes", [&] { return server.received() > 0; });
    load.signal(SIGINT);
    load.signal(SIGTERM);
    CHECK(load.wait() == 0);
    CHECK_THAT(load.output(), contains_text("ended by a signal"));
}
