// Section 3.3 of the fault catalogue: sending.
#include "scenario.hpp"

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Three peers that say 64 bytes or more at once, and read as they like. Buffers of seven bytes, so
// each send has many pieces.
constexpr char const* many_pieces = "run peers[0] = 2\n"
                                    "run buffer_size[0] = 2\n"
                                    "peer 1 behaviour[0] = 1\n"
                                    "peer 1 amount[0] = 3\n"
                                    "peer 1 amount[1] = 120\n"
                                    "peer 1 piece[0] = 40\n"
                                    "peer 2 behaviour[0] = 2\n"
                                    "peer 2 amount[0] = 2\n"
                                    "peer 2 amount[1] = 63\n"
                                    "peer 3 amount[0] = 2\n"
                                    "peer 3 amount[1] = 63\n";

// The same three, whose windows take ten bytes, so that sends wait for them.
std::string with_small_windows() { return std::string(many_pieces) + "run send_window[0] = 2\n"; }

// A peer that does not read, and is given up after a millisecond; another that is served.
constexpr char const* given_up = "run peers[0] = 1\n"
                                 "run buffer_size[0] = 2\n"
                                 "run send_window[0] = 2\n"
                                 "run idle_timeout[0] = 2\n"
                                 "run length[0] = 150\n"
                                 "peer 1 behaviour[0] = 5\n"
                                 "peer 1 amount[0] = 2\n"
                                 "peer 1 amount[1] = 63\n"
                                 "peer 2 amount[0] = 2\n"
                                 "peer 2 amount[1] = 63\n";

void all_echoed(RunResult const& result, Decision const& /*fault*/) { CHECK(result.all_echoed()); }

void only_one_lost(RunResult const& result, Decision const& fault) {
    for (Socket const& socket : result.connections) {
        CHECK(socket.lost == (socket.subject == fault.subject));
        CHECK(socket.sent <= socket.taken); // nothing twice
        if (!socket.lost) CHECK(socket.sent == socket.arrived);
    }
}

} // namespace

TEST_CASE("fault_S1: after a short send the rest is sent before anything else") {
    Findings const met =
        sweep({.script = many_pieces, .fault = Choice::send_cut, .to = 64}, all_echoed);
    CHECK(times(met, Sometimes::send_cut_short) > met.runs / 2);
}

TEST_CASE("fault_S1: short sends to peers that read slowly lose and repeat nothing") {
    std::string const script = with_small_windows();
    Findings const met = sweep({.script = script, .fault = Choice::send_cut, .to = 10}, all_echoed);
    CHECK(times(met, Sometimes::patient_send_waited) > 0);
    CHECK(times(met, Situation::blocked, Happening::sent_part) > 0);
}

TEST_CASE("fault_S2: completions in any order leave the bytes of a connection in order") {
    // That no connection has two sends in flight, RingProtocol asserts in every run.
    std::string const script = with_small_windows();
    sweep({.script = script, .fault = Choice::order, .to = 6}, all_echoed);
}

TEST_CASE("fault_S2: late completions leave the bytes of a connection in order") {
    std::string const script = with_small_windows();
    sweep({.script = script, .fault = Choice::late, .to = 16}, all_echoed);
}

TEST_CASE("fault_S3: a connection that fails while it is sent to ends, and no other does") {
    // ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH.
    std::string const script = with_small_windows();
    Findings const met =
        sweep({.script = script, .fault = Choice::send_fails, .to = 4}, only_one_lost);
    CHECK(times(met, Happening::send_failed) == met.runs);
    CHECK(times(met, Sometimes::send_failed_after_data) > 0);
}

TEST_CASE("fault_S3: peers that reset in the middle are let go, and nobody else is") {
    RunResult const result = run_well("run peers[0] = 3\n"
                                      "run send_window[0] = 2\n"
                                      "peer 1 behaviour[0] = 7\n" // resetting
                                      "peer 1 amount[0] = 2\n"
                                      "peer 1 amount[1] = 63\n"
                                      "peer 1 reset_at[0] = 20\n"
                                      "peer 1 loses_data[0] = 1\n"
                                      "peer 2 behaviour[0] = 6\n" // leaving
                                      "peer 2 amount[0] = 2\n"
                                      "peer 2 amount[1] = 63\n"
                                      "peer 2 reset_at[0] = 20\n"
                                      "peer 3 behaviour[0] = 8\n" // vanishing
                                      "peer 4 amount[0] = 2\n"
                                      "peer 4 amount[1] = 63\n");
    CHECK(times(result.findings, Sometimes::reset_by_peer) > 0);
    CHECK(times(result.findings, Sometimes::reset_by_server) == 0);
    for (Socket const& socket : result.connections) {
        CHECK(!socket.lost);
        if (socket.subject == 4) CHECK(socket.sent == socket.arrived);
    }
}

TEST_CASE("fault_S5: a send without memory ends its connection, and no other") {
    // ENOBUFS, ENOMEM.
    std::string const script = with_small_windows();
    Findings const met =
        sweep({.script = script, .fault = Choice::send_fails, .from = 5, .to = 6}, only_one_lost);
    CHECK(times(met, Happening::send_failed) == met.runs);
}

TEST_CASE("fault_S6: of a send that is cancelled nothing is sent again, however the two meet") {
    RunResult const plain = run_well(given_up);
    CHECK(times(plain.findings, Sometimes::idle_connection_closed) == 1);
    CHECK(times(plain.findings, Happening::send_cancelled) == 1);
    Findings const met = sweep({.script = given_up, .fault = Choice::cancel_races, .to = 4},
                               [](RunResult const& result, Decision const& /*fault*/) {
                                   for (Socket const& socket : result.connections) {
                                       CHECK(socket.sent <= socket.taken);
                                       if (socket.subject == 2)
                                           CHECK(socket.sent == socket.arrived);
                                   }
                               });
    CHECK(times(met, Happening::send_failed) > 0); // it was faster
    CHECK(times(met, Sometimes::cancel_found_it_running) > 0);
    CHECK(times(met, Sometimes::cancel_found_nothing) > 0);
}
