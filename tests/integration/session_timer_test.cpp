// Timers of sessions, on the real clock.
#include <support/catch.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;
using namespace std::chrono_literals;

namespace {

// Does what it is told: "<n>" starts its timer with n ms, "stop" stops it, and so on. When it
// fires, the connection hears how often, or that it was too early.
struct Alarm {
    using Clock = std::chrono::steady_clock;

    void on_receive(Connection& connection, Buffer buffer) {
        std::string const word(buffer.text());
        if (word == "stop") {
            connection.stop_timer();
            connection.send_copy("stopped");
        } else if (word == "throw") {
            throws = true;
            connection.start_timer(0ms);
        } else if (word == "abort") {
            connection.start_timer(0ms);
            connection.abort();
        } else if (word == "close") {
            aborts = true;
            connection.start_timer(20ms);
            connection.close();
        } else if (word == "for ever") {
            connection.start_timer(std::chrono::nanoseconds::max());
            connection.send_copy("started");
        } else {
            std::chrono::milliseconds const delay(std::stoi(word));
            due = Clock::now() + delay;
            connection.start_timer(delay);
        }
    }

    void on_timer(Connection& connection) {
        ++fired;
        if (throws) throw std::runtime_error("as the test wants it");
        if (aborts) return connection.abort();
        connection.send_copy(Clock::now() < due ? "early" : "fired");
    }

    static inline std::atomic<int> fired{0};

    Clock::time_point due{};
    bool throws = false;
    bool aborts = false;
};

// Has no on_timer.
struct Without {
    void on_receive(Connection& connection, Buffer buffer) {
        connection.start_timer(0ms);
        connection.stop_timer();
        connection.send(std::move(buffer));
    }
};

// Counts down without a pause.
struct Countdown {
    void on_receive(Connection& connection, Buffer) { connection.start_timer(0ms); }
    void on_timer(Connection& connection) {
        if (--left > 0) return connection.start_timer(-1ms);
        connection.send_copy("ignition");
    }
    int left = 1000;
};

} // namespace

TEST_CASE("a session's timer fires after its time and not before") {
    char const* const delay = GENERATE("0", "1", "30");
    TestServer<Alarm> server;
    Client client = server.connect();
    client.send_all(delay);
    CHECK(client.receive_exactly(5) == "fired");
}

TEST_CASE("timers of different lengths do not wait for each other") {
    TestServer<Alarm> server;
    Client slow = server.connect();
    slow.send_all("3600000");
    Client quick = server.connect();
    quick.send_all("1");
    CHECK(quick.receive_exactly(5) == "fired");
    slow.send_all("1"); // instead of the first
    CHECK(slow.receive_exactly(5) == "fired");
}

TEST_CASE("a timer that was stopped, or that never ends, does not fire") {
    Alarm::fired = 0;
    TestServer<Alarm> server;
    Client client = server.connect();
    client.send_all("3600000");
    server.await(Counter::receives, 1);
    client.send_all("stop");
    CHECK(client.receive_exactly(7) == "stopped");
    client.send_all("for ever");
    CHECK(client.receive_exactly(7) == "started");
    client.shut_down_sending();
    client.expect_fin();
    server.await_nothing_left();
    CHECK(Alarm::fired == 0);
}

TEST_CASE("a timer does not outlive its connection") {
    Alarm::fired = 0;
    TestServer<Alarm> server;
    for (int i = 0; i < 20; ++i) {
        Client client = server.connect();
        client.send_all("1");
        client.reset();
    }
    server.await(Counter::accepted, 20);
    server.await_nothing_left();
    // The next ones have the same places, and did not start any.
    Client client = server.connect();
    client.send_all("20");
    CHECK(client.receive_exactly(5) == "fired");
}

TEST_CASE("a timer fires after close() and not after abort()") {
    Alarm::fired = 0;
    TestServer<Alarm> server;
    Client aborted = server.connect();
    aborted.send_all("abort");
    aborted.discard_until_end();
    server.await(CloseReason::session_aborted, 1);
    server.await_nothing_left();
    CHECK(Alarm::fired == 0);

    Client closed = server.connect();
    closed.send_all("close"); // and it does not finish, so the server would wait for it
    closed.expect_fin();
    server.await(CloseReason::session_aborted, 2);
    CHECK(Alarm::fired == 1);
}

TEST_CASE("an on_timer that throws ends its connection") {
    TestServer<Alarm> server;
    Client client = server.connect();
    client.send_all("throw");
    client.discard_until_end();
    server.await(CloseReason::session_failed, 1);
}

TEST_CASE("a session without on_timer has no timer") {
    TestServer<Without> server;
    Client client = server.connect();
    client.send_all("hello");
    CHECK(client.receive_exactly(5) == "hello");
}

TEST_CASE("a timer without delay that starts itself again does not hold up the others") {
    TestServer<Countdown> server;
    Client client = server.connect();
    client.send_all("go");
    CHECK(client.receive_exactly(8) == "ignition");
}
