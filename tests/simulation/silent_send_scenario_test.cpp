// Sends that complete only where they fail, and each way in which that can go wrong.
#include "scenario.hpp"

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Four peers that say some dozens of bytes, two of them more at once than they read.
constexpr char const* four_peers = "run peers[0] = 3\n"
                                   "run buffer_size[0] = 3\n"
                                   "peer 1 behaviour[0] = 1\n"
                                   "peer 1 amount[0] = 3\n"
                                   "peer 1 amount[1] = 120\n"
                                   "peer 2 behaviour[0] = 2\n"
                                   "peer 2 amount[0] = 2\n"
                                   "peer 2 amount[1] = 63\n"
                                   "peer 3 amount[0] = 2\n"
                                   "peer 3 amount[1] = 63\n"
                                   "peer 4 behaviour[0] = 4\n";

std::string four_peers_and(std::string const& more) { return four_peers + more; }

void all_echoed(RunResult const& result, Decision const& /*fault*/) { CHECK(result.all_echoed()); }

} // namespace

TEST_CASE("an echo takes one turn with silent sends, and two without") {
    // One peer that says a byte at a time.
    std::string const bytewise =
        "peer 1 behaviour[0] = 3\npeer 1 amount[0] = 3\npeer 1 amount[1] = 200\n";
    RunResult const silent = run_well(bytewise);
    RunResult const told = run_well(bytewise + "run features[0] = 16\n");
    std::uint64_t const echoes = times(silent.findings, Sometimes::silent_send_succeeded);
    CHECK(echoes > 10);
    CHECK(silent.findings.turns <= echoes + 10);
    CHECK(told.findings.turns >= 2 * echoes);
    CHECK(times(told.findings, Sometimes::silent_send_succeeded) == 0);
}

TEST_CASE("fault_S1: what a silent send did not take is sent before anything else") {
    std::string const more = GENERATE("", "run entries[0] = 1\n", "run max_pending[0] = 2\n");
    std::string const script = four_peers_and(more);
    Findings const met = sweep({.script = script, .fault = Choice::send_cut, .to = 64}, all_echoed);
    CHECK(times(met, Sometimes::send_cut_short) > 0);
    if (more.find("max_pending") == std::string::npos) {
        CHECK(times(met, Sometimes::silent_send_cut_short) > 0);
    }
}

TEST_CASE("fault_S3: a silent send that fails ends its connection, and no other") {
    Findings const met = sweep({.script = four_peers, .fault = Choice::send_fails, .to = 6},
                               [](RunResult const& result, Decision const& fault) {
                                   for (Socket const& socket : result.connections) {
                                       CHECK(socket.lost == (socket.subject == fault.subject));
                                       if (!socket.lost) CHECK(socket.sent == socket.arrived);
                                   }
                               });
    CHECK(times(met, Sometimes::silent_send_failed) > met.runs / 2);
}

TEST_CASE("fault_Q2: silent sends that were not submitted are not taken for done") {
    Choice const fault = GENERATE(Choice::submit_part, Choice::enter_fails);
    std::string const more = GENERATE("", "run entries[0] = 2\n", "run buffers[0] = 1\n");
    std::string const script = four_peers_and(more);
    Findings const met = sweep({.script = script, .fault = fault, .to = 8}, all_echoed);
    // With one buffer each send goes ahead of the call that waits, which is the one that fails.
    bool const goes_ahead = more.find("buffers") != std::string::npos;
    if (fault == Choice::enter_fails && goes_ahead) return;
    CHECK(times(met, Sometimes::silent_send_left_over) > 0);
}

TEST_CASE("fault_Q3: silent sends whose failures overflow are not taken for done") {
    std::string const script =
        four_peers_and("run entries[0] = 1\nrun completions[0] = 1\nrun send_window[0] = 3\n");
    Findings const met = sweep({.script = script, .fault = Choice::send_cut, .to = 16}, all_echoed);
    CHECK(times(met, Sometimes::silent_send_failure_overflowed) > 0);
}

TEST_CASE("fault_R1: with one buffer a silent send does not keep it from the others") {
    std::string const buffers = GENERATE("1", "2", "3");
    RunResult const result = run_well(four_peers_and("run buffers[0] = " + buffers + "\n"));
    CHECK(times(result.findings, Sometimes::silent_send_succeeded) > 0);
    CHECK(result.all_echoed());
}

TEST_CASE("what ends a connection waits for its silent send") {
    std::string const ending =
        GENERATE("run ending[0] = 1\n", "run ending[0] = 2\n", "run ending[0] = 3\n",
                 "run idle_timeout[0] = 2\npeer 4 behaviour[0] = 5\n");
    Choice const fault =
        GENERATE(Choice::enter_fails, Choice::submit_part, Choice::send_cut, Choice::order);
    std::string script = four_peers;
    if (ending.find("peer 4") != std::string::npos) {
        script = script.substr(0, script.rfind("peer 4"));
    }
    sweep({.script = script + ending, .fault = fault, .to = 4});
}
