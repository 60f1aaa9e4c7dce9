// Section 3.2 of the fault catalogue: receiving.
#include "scenario.hpp"

#include <algorithm>

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Three peers on a server with four buffers of seven bytes: one in lockstep, one that says 64 bytes
// at once, one that says 64 bytes and finishes before it reads.
constexpr char const* three_kinds = "run peers[0] = 2\n"
                                    "run buffers[0] = 4\n"
                                    "run buffer_size[0] = 2\n"
                                    "peer 1 amount[0] = 2\n"
                                    "peer 1 amount[1] = 20\n"
                                    "peer 1 piece[0] = 5\n"
                                    "peer 2 behaviour[0] = 1\n"
                                    "peer 2 amount[0] = 2\n"
                                    "peer 2 amount[1] = 63\n"
                                    "peer 3 behaviour[0] = 2\n"
                                    "peer 3 amount[0] = 2\n"
                                    "peer 3 amount[1] = 63\n";

// Three peers that do not read, each with ten bytes of window and ten of unsent ones.
constexpr char const* slow_readers = "run peers[0] = 2\n"
                                     "run buffer_size[0] = 2\n"
                                     "run send_window[0] = 2\n"
                                     "run max_pending[0] = 2\n"
                                     "peer 1 behaviour[0] = 5\n"
                                     "peer 1 amount[0] = 3\n"
                                     "peer 1 amount[1] = 200\n"
                                     "peer 2 behaviour[0] = 5\n"
                                     "peer 2 amount[0] = 3\n"
                                     "peer 2 amount[1] = 200\n"
                                     "peer 2 piece[0] = 11\n"
                                     "peer 3 amount[0] = 2\n"
                                     "peer 3 amount[1] = 63\n";

void all_echoed(RunResult const& result, Decision const& /*fault*/) { CHECK(result.all_echoed()); }

} // namespace

TEST_CASE("fault_R1: connections whose own sends hold every buffer are served in turn") {
    // One buffer of seven bytes; six peers with ten bytes of window.
    RunResult const result = run_well("run peers[0] = 5\n"
                                      "run buffers[0] = 1\n"
                                      "run buffer_size[0] = 2\n"
                                      "run send_window[0] = 2\n"
                                      "peer 1 behaviour[0] = 1\n"
                                      "peer 1 amount[0] = 2\n"
                                      "peer 1 amount[1] = 63\n"
                                      "peer 2 behaviour[0] = 2\n"
                                      "peer 2 amount[0] = 2\n"
                                      "peer 2 amount[1] = 63\n"
                                      "peer 3 behaviour[0] = 5\n"
                                      "peer 3 amount[0] = 2\n"
                                      "peer 3 amount[1] = 63\n");
    CHECK(result.plan.limits.buffer_count == 1);
    CHECK(times(result.findings, Sometimes::parked) > 0);
    CHECK(times(result.findings, Happening::no_buffers) > 0);
    CHECK(result.all_echoed());
}

TEST_CASE("fault_R3: a receive that finds no buffer when it is armed waits until one comes back") {
    // The only buffer has just brought a byte when the second connection is accepted.
    RunResult const result = run_well("run peers[0] = 1\n"
                                      "run buffers[0] = 1\n"
                                      "peer 2 start[0] = 1\n");
    CHECK(times(result.findings, Sometimes::no_buffers_at_once) > 0);
    CHECK(times(result.findings, Sometimes::parked) > 0);
    CHECK(result.all_echoed());
}

TEST_CASE("fault_R3: ENOBUFS at any receive, with data or without, delays it and no more") {
    Findings const met = sweep({.script = three_kinds, .fault = Choice::no_buffers}, all_echoed);
    CHECK(times(met, Sometimes::no_buffers_while_others_have_them) == met.runs);
    CHECK(times(met, Situation::reading, Happening::no_buffers) > 0);
}

TEST_CASE("fault_R4: a receive that ends although it brought bytes is armed again") {
    Findings const met = sweep({.script = three_kinds, .fault = Choice::receive_ends}, all_echoed);
    CHECK(times(met, Sometimes::multishot_receive_ended_with_data) == met.runs);
}

TEST_CASE("fault_R4: a receive that ends with EINTR is armed again") {
    Findings const met = sweep({.script = three_kinds, .fault = Choice::receive_again}, all_echoed);
    CHECK(times(met, Happening::receive_again) == met.runs);
}

TEST_CASE("fault_R5: a FIN in one batch with the last bytes comes after them") {
    Findings const met = sweep({.script = "run peers[0] = 1\n"
                                          "peer 1 behaviour[0] = 2\n"
                                          "peer 1 amount[0] = 3\n"
                                          "peer 1 amount[1] = 499\n"
                                          "peer 2 behaviour[0] = 2\n",
                                .fault = Choice::fin_together},
                               [](RunResult const& result, Decision const& fault) {
                                   all_echoed(result, fault);
                                   for (Socket const& socket : result.connections)
                                       CHECK(!socket.over);
                               });
    CHECK(times(met, Sometimes::fin_told_with_data) == met.runs);
}

TEST_CASE("fault_R7: a buffer that comes with an error goes back") {
    // A drain in the middle asks each connection for what has arrived; one says nothing, the others
    // a byte now and then.
    Findings const met = sweep({.script = "run peers[0] = 2\n"
                                          "run ending[0] = 2\n"
                                          "peer 1 behaviour[0] = 4\n"
                                          "peer 2 behaviour[0] = 3\n"
                                          "peer 2 amount[0] = 2\n"
                                          "peer 2 amount[1] = 63\n"
                                          "peer 3 behaviour[0] = 3\n"
                                          "peer 3 amount[0] = 2\n"
                                          "peer 3 amount[1] = 63\n",
                                .fault = Choice::buffer_on_fail},
                               all_echoed);
    CHECK(met.runs > 1);
    CHECK(times(met, Sometimes::buffer_with_failure) == met.runs);
}

TEST_CASE("fault_R8: a connection that fails while it is read ends, and no other does") {
    // ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE.
    Findings const met = sweep({.script = three_kinds, .fault = Choice::receive_fails, .to = 4},
                               [](RunResult const& result, Decision const& fault) {
                                   for (std::size_t i = 0; i < result.connections.size(); ++i) {
                                       Socket const& socket = result.connections[i];
                                       CHECK(socket.lost == (socket.subject == fault.subject));
                                       if (!socket.lost) CHECK(socket.sent == socket.arrived);
                                   }
                               });
    // Whose FIN had arrived is told of it first, and of the failure when it sends.
    CHECK(times(met, Happening::receive_failed) > met.runs / 2);
}

TEST_CASE("fault_R10: a burst that fills every buffer comes back in order") {
    // 15,360 bytes at once into 32 buffers of 512, while another peer's come one by one.
    RunResult const result = run_well("run peers[0] = 1\n"
                                      "peer 1 behaviour[0] = 2\n"
                                      "peer 1 amount[0] = 5\n"
                                      "peer 1 amount[1] = 15359\n"
                                      "peer 2 behaviour[0] = 3\n"
                                      "peer 2 amount[0] = 2\n"
                                      "peer 2 amount[1] = 63\n");
    std::uint64_t most = 0;
    for (Socket const& socket : result.connections)
        most = std::max(most, socket.sent);
    CHECK(most == 15360);
    CHECK(result.all_echoed());
}

TEST_CASE("fault_R10: a burst may be cut anywhere") {
    sweep({.script = three_kinds, .fault = Choice::receive_cut, .to = 7}, all_echoed);
}

TEST_CASE("fault_R12: a receive is cancelled at the limit, however the two meet") {
    Findings const met =
        sweep({.script = slow_readers, .fault = Choice::cancel_races, .to = 4}, all_echoed);
    CHECK(times(met, Sometimes::cancel_found_nothing) > 0);
    CHECK(times(met, Sometimes::cancel_found_it_running) > 0);
    CHECK(times(met, Sometimes::cancel_answered_first) > 0);
    CHECK(times(met, Situation::blocked, Happening::receive_cancelled) > 0);
}

TEST_CASE("fault_R12: a receive that goes on beyond the limit brings its bytes in order") {
    // The first cancellation does not find the receive; 170 more bytes arrive meanwhile, and the
    // second one comes too late for them.
    RunResult const result = run_well("run buffer_size[0] = 2\n"
                                      "run send_window[0] = 2\n"
                                      "run max_pending[0] = 2\n"
                                      "peer 1 behaviour[0] = 5\n"
                                      "peer 1 amount[0] = 3\n"
                                      "peer 1 amount[1] = 199\n"
                                      "peer 1 piece[0] = 30\n"
                                      "run clock_jumps[2] = 1\n"
                                      "peer 1 cancel_races[0] = 3\n"
                                      "peer 1 late[1] = 4\n"
                                      "peer 1 cancel_races[1] = 4\n");
    CHECK(times(result.findings, Sometimes::cancel_lost_to_data) == 1);
    CHECK(times(result.findings, Situation::blocked, Happening::data) > 0);
    CHECK(result.connections.at(0).sent == 200);
}
