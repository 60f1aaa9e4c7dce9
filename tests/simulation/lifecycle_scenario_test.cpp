// Section 3.4 of the fault catalogue: from the first use of a slot to the last; and X3.
#include "scenario.hpp"

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Three peers of four connections each take turns on two places.
constexpr char const* two_places = "run peers[0] = 2\n"
                                   "run slots[0] = 2\n"
                                   "peer 1 rounds[0] = 3\n"
                                   "peer 1 behaviour[0] = 2\n"
                                   "peer 1 amount[0] = 2\n"
                                   "peer 1 amount[1] = 40\n"
                                   "peer 2 rounds[0] = 3\n"
                                   "peer 3 rounds[0] = 3\n";

// Peers that are cut off in every way: one is idle for too long, one does not read, one resets; one
// is served to the end.
constexpr char const* cut_off = "run peers[0] = 3\n"
                                "run buffer_size[0] = 2\n"
                                "run send_window[0] = 2\n"
                                "run max_pending[0] = 2\n"
                                "run idle_timeout[0] = 2\n"
                                "run length[0] = 150\n"
                                "peer 1 behaviour[0] = 4\n"
                                "peer 2 behaviour[0] = 5\n"
                                "peer 2 amount[0] = 2\n"
                                "peer 2 amount[1] = 63\n"
                                "peer 3 behaviour[0] = 7\n"
                                "peer 3 amount[0] = 2\n"
                                "peer 3 amount[1] = 63\n"
                                "peer 3 reset_at[0] = 30\n"
                                "peer 4 amount[0] = 2\n"
                                "peer 4 amount[1] = 63\n";

// The same with a drain in the middle, whose deadline has passed when it begins.
std::string drained_at_once() {
    return std::string(cut_off) + "run ending[0] = 2\n"
                                  "run ending[1] = 3\n";
}

void all_echoed(RunResult const& result, Decision const& /*fault*/) { CHECK(result.all_echoed()); }

} // namespace

TEST_CASE("fault_L1: a place may be taken again before its close is told") {
    Findings const met =
        sweep({.script = two_places, .fault = Choice::close_late, .to = 16}, all_echoed);
    CHECK(times(met, Sometimes::slot_taken_before_close_was_told) > 0);
    CHECK(times(met, Sometimes::stale_completion) > 0);
}

TEST_CASE("fault_L1: completions that come late find the connection that they are about") {
    sweep({.script = two_places, .fault = Choice::late, .to = 16}, all_echoed);
}

TEST_CASE("fault_L2: a cancellation may meet its target in every way") {
    std::string const script = GENERATE(std::string(cut_off), drained_at_once());
    Findings const met = sweep({.script = script, .fault = Choice::cancel_races, .to = 4});
    CHECK(times(met, Sometimes::cancel_found_nothing) > 0);
    CHECK(times(met, Sometimes::cancel_found_it_running) > 0);
    CHECK(times(met, Sometimes::cancel_answered_first) > 0);
    CHECK(times(met, Sometimes::cancel_won) > 0);
    CHECK(times(met, Situation::ending, Happening::cancel_too_late) > 0);
}

TEST_CASE("fault_L3: a close that fails has closed, and is not tried again") {
    // A second close would be of a descriptor that is nobody's, or somebody else's: RingProtocol
    // asserts that there is none.
    char const* const script = GENERATE(two_places, cut_off);
    Findings const met = sweep({.script = script, .fault = Choice::close_fails},
                               [](RunResult const& result, Decision const& /*fault*/) {
                                   for (Socket const& socket : result.connections)
                                       CHECK(socket.server_closed);
                               });
    CHECK(met.runs > 1);
}

TEST_CASE("fault_L3: a shutdown that takes long holds the close up and nothing else") {
    // A drain in the middle sends a FIN to peers that have not finished.
    Findings const met = sweep({.script = "run peers[0] = 1\n"
                                          "run ending[0] = 2\n"
                                          "peer 1 behaviour[0] = 3\n"
                                          "peer 1 amount[0] = 2\n"
                                          "peer 1 amount[1] = 63\n"
                                          "peer 2 behaviour[0] = 4\n",
                                .fault = Choice::shut_down_late,
                                .to = 16},
                               [](RunResult const& result, Decision const& /*fault*/) {
                                   for (Socket const& socket : result.connections)
                                       CHECK(socket.sent == socket.taken);
                               });
    CHECK(times(met, Happening::shut_down) >= met.runs);
}

TEST_CASE("fault_L5: a clock that jumps ends nobody whom no deadline concerns") {
    // 2 ms to 4 s, at every turn.
    sweep({.script = two_places, .fault = Choice::clock_jumps, .to = 12}, all_echoed);
}

TEST_CASE("fault_L5: a clock that jumps over deadlines lets them pass in order") {
    std::string const script = GENERATE(std::string(cut_off), drained_at_once());
    Findings const met = sweep({.script = script, .fault = Choice::clock_jumps, .to = 12});
    CHECK(times(met, Sometimes::idle_connection_closed) > 0);
}

TEST_CASE("fault_L5: who finishes while the clock jumps over the idle timeout is not reset") {
    Findings const met = sweep(
        {.script = "run idle_timeout[0] = 2\n", .fault = Choice::clock_jumps, .from = 2, .to = 2});
    CHECK(times(met, Sometimes::reset_by_server) == 0);
}

TEST_CASE("fault_X3: six connections that share one buffer hear their own bytes and no others") {
    // The bytes of each connection are pseudo-random, and each peer checks every one.
    sweep({.script = "run peers[0] = 5\n"
                     "run buffers[0] = 1\n"
                     "peer 1 behaviour[0] = 1\n"
                     "peer 1 amount[0] = 4\n"
                     "peer 1 amount[1] = 2999\n"
                     "peer 2 behaviour[0] = 2\n"
                     "peer 2 amount[0] = 3\n"
                     "peer 2 amount[1] = 400\n"
                     "peer 3 behaviour[0] = 3\n"
                     "peer 3 amount[0] = 2\n"
                     "peer 3 amount[1] = 20\n"
                     "peer 4 amount[0] = 3\n"
                     "peer 4 amount[1] = 499\n"
                     "peer 5 rounds[0] = 2\n",
           .fault = Choice::receive_cut,
           .to = 2},
          all_echoed);
}
