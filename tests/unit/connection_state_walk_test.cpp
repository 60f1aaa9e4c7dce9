// Random histories of one connection: whatever happens, in whatever order, the rules hold, and as
// soon as the peer behaves the connection comes to its end.
#include <algorithm>
#include <array>
#include <cstdint>

#include <support/catch.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>

#include "connection_state_machine.hpp"

using kodama::CloseReason;
using kodama::Step;
using kodama::testing::Machine;
using kodama::testing::Random;
using Input = Machine::Input;

namespace {

// What the kernel would have in flight, kept apart from what the state thinks.
struct InFlight {
    bool receive = false;
    bool receive_waits = false; // else it takes what is there and ends
    bool cancel_receive = false;
    bool send = false;
    std::size_t send_size = 0;
    bool cancel_send = false;
    bool shut_down = false;
    bool reset = false;

    [[nodiscard]] bool any() const {
        return receive || cancel_receive || send || cancel_send || shut_down || reset;
    }
};

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] bool closed() const { return closed_; }

    // Asks until there is nothing to do, as a worker does at the end of a turn.
    void settle() {
        for (Step step = machine_.next(); step != Step::none; step = machine_.next()) {
            REQUIRE_FALSE(closed_); // Step::close is the last
            check_and_note(step);
            machine_.submit(step);
            REQUIRE(state().in_flight() == flight_.any());
        }
    }

    void random_event() {
        static constexpr std::array events{
            &Walk::end_receive,     &Walk::end_receive,  &Walk::end_receive,
            &Walk::end_send,        &Walk::end_send,     &Walk::end_cancel_receive,
            &Walk::end_cancel_send, &Walk::end_control,  &Walk::use_session,
            &Walk::use_session,     &Walk::change_memory};
        (this->*events[random_.below(events.size())])();
        REQUIRE(state().in_flight() == flight_.any());
    }

    // Everything completes, the peer takes all and finishes.
    void behave() {
        if (closed_) return;
        if (state().parked()) state().unpark();
        if (state().starved()) state().feed();
        if (flight_.cancel_receive) {
            end_cancel_receive();
            if (flight_.receive && random_.below(2) == 0) end_receive_only();
        }
        if (flight_.receive) receive_fin();
        if (flight_.send) finish_send(flight_.send_size);
        end_cancel_send();
        if (flight_.shut_down) end_shut_down();
        if (flight_.reset) end_reset();
        if (state().input() == Input::ended) state().finish(CloseReason::peer_finished);
    }

private:
    kodama::ConnectionState& state() { return machine_.state; }

    bool one_in(std::size_t count) { return random_.below(count) == 0; }

    void check_and_note(Step step) {
        switch (step) {
        case Step::none:
            break;
        case Step::receive:
        case Step::receive_rest:
            REQUIRE_FALSE(flight_.receive);
            REQUIRE_FALSE(peer_has_finished_);
            flight_.receive = true;
            flight_.receive_waits = step == Step::receive;
            break;
        case Step::cancel_receive:
            REQUIRE(flight_.receive);
            REQUIRE_FALSE(flight_.cancel_receive);
            flight_.cancel_receive = true;
            break;
        case Step::send:
            REQUIRE_FALSE(flight_.send);
            REQUIRE_FALSE(output_is_over_);
            flight_.send = true;
            flight_.send_size = state().unsent().size();
            REQUIRE(flight_.send_size > 0);
            break;
        case Step::cancel_send:
            REQUIRE(flight_.send);
            REQUIRE_FALSE(flight_.cancel_send);
            flight_.cancel_send = true;
            break;
        case Step::shut_down:
            REQUIRE_FALSE(output_is_over_); // one FIN, and none after RST
            REQUIRE_FALSE(flight_.send);
            REQUIRE(state().unsent().empty());
            flight_.shut_down = output_is_over_ = true;
            break;
        case Step::reset:
            REQUIRE_FALSE(flight_.reset);
            flight_.reset = output_is_over_ = true;
            break;
        case Step::close:
            REQUIRE_FALSE(flight_.any());
            closed_ = true;
            break;
        case Step::make_socket:
        case Step::connect:
        case Step::cancel_connect:
            FAIL("it was accepted");
        }
    }

    // --- completions

    void end_receive_only() {
        flight_.receive = false;
        state().receive_ended();
    }

    void receive_fin() {
        end_receive_only();
        peer_has_finished_ = true;
        state().peer_finished();
        if (one_in(2)) state().finish(CloseReason::peer_finished);
    }

    void receive_data() {
        if (!flight_.receive_waits || one_in(4)) end_receive_only();
        if (state().delivers() && state().may_send()) queue(random_.below(60));
    }

    void end_receive() {
        if (!flight_.receive) return;
        bool const waits = flight_.receive_waits;
        switch (random_.below(10)) {
        case 0:
            return receive_fin();
        case 1:
            end_receive_only();
            return state().peer_gone(CloseReason::peer_gone);
        case 2: // no buffers
            end_receive_only();
            return state().broken() ? void() : state().park();
        case 3:
        case 4:
            if (waits && flight_.cancel_receive) return end_receive_only();
            if (waits) return receive_data();
            end_receive_only();
            return state().nothing_left();
        default:
            return receive_data();
        }
    }

    void end_cancel_receive() {
        if (!flight_.cancel_receive) return;
        flight_.cancel_receive = false;
        state().cancel_receive_ended(false);
    }

    void finish_send(std::size_t count) {
        flight_.send = false;
        state().sent(count);
        if (count < flight_.send_size && !state().broken()) state().block();
    }

    void end_send() {
        if (!flight_.send) return;
        switch (random_.below(4)) {
        case 0:
            return finish_send(flight_.send_size);
        case 1:
            return finish_send(0); // nothing fits, or it was cancelled
        case 2:
            if (!one_in(4)) return finish_send(random_.below(flight_.send_size + 1));
            flight_.send = false;
            state().sent(0);
            return state().peer_gone(CloseReason::peer_gone);
        default:
            return finish_send(1);
        }
    }

    void end_cancel_send() {
        if (!flight_.cancel_send) return;
        flight_.cancel_send = false;
        state().cancel_send_ended(false);
    }

    void end_shut_down() {
        flight_.shut_down = false;
        state().shut_down_ended();
    }

    void end_reset() {
        flight_.reset = false;
        state().reset_ended();
    }

    void end_control() {
        if (flight_.shut_down && one_in(2)) end_shut_down();
        if (flight_.reset && one_in(2)) end_reset();
    }

    // --- what the session and the worker do

    void queue(std::size_t size) {
        if (!closed_ && state().unsent().size() + size <= 4 * Machine::max_pending) {
            machine_.queue(size);
        }
    }

    void use_session() {
        switch (random_.below(24)) {
        case 0:
            return state().finish(CloseReason::session_closed);
        case 1:
            return state().close(CloseReason::session_closed);
        case 2:
            return state().drain();
        case 3:
            return state().abort(CloseReason::stopped);
        case 4:
        case 5:
            if (state().lingers()) state().linger_over();
            return;
        default:
            if (state().may_send()) queue(random_.below(80));
            if (one_in(4)) state().read_once();
        }
    }

    void change_memory() {
        bool const stuck = state().blocked() && !state().broken() && !state().sending();
        if (state().parked() && one_in(2)) state().unpark();
        if (state().starved()) {
            if (one_in(2)) state().feed();
        } else if (stuck) {
            state().starve();
        }
    }

    Random random_;
    Machine machine_;
    InFlight flight_;
    bool peer_has_finished_ = false;
    bool output_is_over_ = false; // FIN or RST was sent
    bool closed_ = false;
};

} // namespace

TEST_CASE("whatever happens to a connection, it keeps the rules and comes to its end") {
    constexpr int behaved_steps_max = 20;
    std::size_t const walks = kodama::testing::scaled(20'000);
    std::size_t closed_early = 0;
    for (std::size_t i = 0; i < walks; ++i) {
        std::uint64_t const seed = kodama::testing::test_seed() + i;
        INFO("seed " << seed);
        Walk walk(seed);
        walk.settle();
        for (std::size_t event = 0; event < 10 + i % 90; ++event) {
            walk.random_event();
            walk.settle();
        }
        if (walk.closed()) ++closed_early;
        for (int step = 0; step < behaved_steps_max && !walk.closed(); ++step) {
            walk.behave();
            walk.settle();
        }
        REQUIRE(walk.closed());
    }
    // The walks see both: connections that end by what happens, and those that have to be led.
    CHECK(closed_early > walks / 10);
    CHECK(closed_early < walks - walks / 10);
}
