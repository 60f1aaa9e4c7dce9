// Sessions with timers of their own, on a simulated kernel.
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include <kodama/server/session.hpp>
#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama;
using namespace kodama::simulation;
using kodama::testing::scaled;
using namespace std::chrono_literals;

namespace {

// Keeps what it has received for some time, then sends it back. How long depends on what came
// first, so that the timers of connections overtake each other.
struct LateEcho {
    void on_receive(Connection& connection, Buffer buffer) {
        auto const first = std::to_integer<int>(buffer.bytes().front());
        kept.push_back(std::move(buffer));
        if (kept.size() == 1) connection.start_timer(first % 8 * 1ms);
    }

    void on_timer(Connection& connection) {
        while (!kept.empty()) {
            // Sending no more than was received is never refused, unless the connection ends.
            if (!connection.send(std::move(kept.front()))) break;
            kept.pop_front();
        }
        if (peer_has_finished) connection.close();
    }

    void on_peer_finished(Connection& connection) {
        peer_has_finished = true;
        if (kept.empty()) connection.close();
    }

    std::deque<Buffer> kept;
    bool peer_has_finished = false;
};

// The same, but its timer is stopped by whoever receives while it runs.
struct ForgetfulLateEcho : LateEcho {
    void on_receive(Connection& connection, Buffer buffer) {
        if (!kept.empty()) connection.stop_timer();
        LateEcho::on_receive(connection, std::move(buffer));
    }
};

// Echoes at once, and has a timer that is restarted at every turn of events, fires in all states
// and does nothing; on_close is the last it hears.
struct Restless {
    ~Restless() { KODAMA_ASSERT(closed); }
    void on_open(Connection& connection) { connection.start_timer(0ms); }
    void on_receive(Connection& connection, Buffer buffer) {
        connection.start_timer(1ms);
        connection.send(std::move(buffer));
    }
    void on_timer(Connection& connection) {
        KODAMA_ASSERT(!closed);
        if (++fired % 4 != 0) connection.start_timer(fired * 1ms);
    }
    void on_close(CloseReason) {
        KODAMA_ASSERT(!closed);
        closed = true;
    }

    int fired = 0;
    bool closed = false;
};

Dialogue const echo;

} // namespace

TEST_CASE("answers that wait for a timer come, whole and in order") {
    Program const program{
        .hooks = &session_hooks<LateEcho>, .dialogue = &echo, .answers_later = true};
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(3000)});
    INFO((finding ? finding->what + "\n" + finding->script : ""));
    CHECK_FALSE(finding.has_value());
}

TEST_CASE("the simulator finds that a session has stopped its timer too often") {
    Program const program{
        .hooks = &session_hooks<ForgetfulLateEcho>, .dialogue = &echo, .answers_later = true};
    std::optional<Finding> const finding = explore(program, {.first_seed = 1, .runs = 1000});
    REQUIRE(finding.has_value());
    CHECK_THAT(finding->what, kodama::testing::contains_text("sleeps for ever"));
}

TEST_CASE("a timer that always runs changes nothing, and ends with its session") {
    Program const program{.hooks = &session_hooks<Restless>, .dialogue = &echo, .echoes = true};
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(3000)});
    INFO((finding ? finding->what + "\n" + finding->script : ""));
    CHECK_FALSE(finding.has_value());
}
