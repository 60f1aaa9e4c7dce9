// Sessions that reach each other's connections, on a simulated kernel.
#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <kodama/server/session.hpp>
#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama;
using namespace kodama::simulation;
using kodama::testing::scaled;
using namespace std::chrono_literals;

namespace {

// An echo by mail: what a connection has to hear lies with the worker, and whichever session's
// timer comes next hands everybody's letters out. How that is done depends on the connection: in
// the worker's thread or in another, as shared bytes or as a copy.
struct Mail {
    enum class How { shared, copied, shared_elsewhere, copied_elsewhere };

    struct Letter {
        Handle to;
        How how;
        SharedBytes text;
        bool is_last = false; // close() instead of a text
    };

    struct WorkerState {
        // Where one of a connection is refused, so are those behind it, for they have an order.
        void hand_out() {
            std::vector<Handle> refused;
            std::erase_if(letters, [&](Letter const& letter) {
                if (std::count(refused.begin(), refused.end(), letter.to) > 0) return false;
                bool const taken = hand_out(letter);
                if (!taken) refused.push_back(letter.to);
                return taken;
            });
        }

        static bool hand_out(Letter const& letter) {
            bool taken = false;
            auto const act = [&] {
                bool const copied =
                    letter.how == How::copied || letter.how == How::copied_elsewhere;
                taken = letter.is_last ? letter.to.close()
                        : copied       ? letter.to.send_copy(letter.text.text())
                                       : letter.to.send(letter.text);
            };
            if (letter.how < How::shared_elsewhere) return act(), taken;
            // Joined at once, so it is the same in every run.
            std::thread(act).join();
            return taken;
        }

        std::deque<Letter> letters;
    };

    explicit Mail(WorkerState& of_worker) : state(of_worker) {}

    void on_open(Connection& connection) { own = connection.handle(); }

    void on_receive(Connection& connection, Buffer buffer) {
        auto const first = std::to_integer<unsigned>(buffer.bytes().front());
        if (!how) how = static_cast<How>(first % 4);
        state.letters.push_back({own, *how, SharedBytes::copy_of(buffer.bytes())});
        start_timer(connection, first % 3);
    }

    void on_peer_finished(Connection& connection) {
        state.letters.push_back({own, how.value_or(How::shared), {}, true});
        start_timer(connection, 0);
    }

    void on_timer(Connection& connection) {
        timer_runs = false;
        state.hand_out();
        if (!state.letters.empty()) start_timer(connection, 1);
    }

    void on_close(CloseReason) {
        std::erase_if(state.letters, [&](Letter const& letter) { return letter.to == own; });
    }

    void start_timer(Connection& connection, unsigned delay) {
        if (!timer_runs) connection.start_timer(delay * 1ms);
        timer_runs = true;
    }

    WorkerState& state;
    Handle own;
    std::optional<How> how;
    bool timer_runs = false;
};

// Uses the handles of connections that are over, also while others have their places.
struct Ghosts {
    struct WorkerState {
        std::deque<Handle> gone;
    };

    explicit Ghosts(WorkerState& of_worker) : state(of_worker) {}

    void on_open(Connection& connection) { own = connection.handle(); }

    void on_receive(Connection& connection, Buffer buffer) {
        for (Handle const& one : state.gone) {
            KODAMA_ASSERT(!one.send_copy("boo"));
            KODAMA_ASSERT(!one.close());
            KODAMA_ASSERT(!one.abort());
            std::thread([&one] { static_cast<void>(one.send_copy("boo") && one.abort()); }).join();
        }
        connection.send(std::move(buffer));
    }

    void on_close(CloseReason) {
        state.gone.push_back(own);
        if (state.gone.size() > 3) state.gone.pop_front();
        KODAMA_ASSERT(!own.send_copy("too late"));
    }

    WorkerState& state;
    Handle own;
};

Dialogue const echo;

void find_nothing(Program const& program, std::uint64_t runs) {
    std::optional<Finding> const finding = explore(program, {.first_seed = 1, .runs = runs});
    INFO((finding ? finding->what + "\n" + finding->script : ""));
    CHECK_FALSE(finding.has_value());
}

} // namespace

TEST_CASE("what sessions send to each other's connections comes, whole and in order") {
    find_nothing({.hooks = &session_hooks<Mail>, .dialogue = &echo, .answers_later = true},
                 scaled(1500));
}

TEST_CASE("the handle of a connection that is over never means another") {
    find_nothing({.hooks = &session_hooks<Ghosts>, .dialogue = &echo}, scaled(500));
}
