// Section 3.4 of the fault catalogue: the ring itself, and being ordered to end.
#include "scenario.hpp"

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Six peers, one of each peaceful kind and two more of several connections.
constexpr char const* six_peers = "run peers[0] = 5\n"
                                  "run buffer_size[0] = 2\n"
                                  "run send_window[0] = 3\n"
                                  "peer 1 behaviour[0] = 1\n"
                                  "peer 1 amount[0] = 3\n"
                                  "peer 1 amount[1] = 199\n"
                                  "peer 2 behaviour[0] = 2\n"
                                  "peer 2 amount[0] = 2\n"
                                  "peer 2 amount[1] = 63\n"
                                  "peer 3 behaviour[0] = 3\n"
                                  "peer 4 behaviour[0] = 4\n"
                                  "peer 5 rounds[0] = 2\n"
                                  "peer 6 rounds[0] = 1\n";

void all_echoed(RunResult const& result, Decision const& /*fault*/) { CHECK(result.all_echoed()); }

std::string six_peers_and(std::string const& more) { return six_peers + more; }

} // namespace

TEST_CASE("fault_Q1: with a submission queue of one entry nothing that was asked for is lost") {
    // Of one, two and four entries; with and without DEFER_TASKRUN.
    std::uint32_t const entries = GENERATE(1u, 2u, 3u);
    std::uint32_t const features = GENERATE(0u, 8u);
    std::string script = six_peers_and("run entries[0] = " + std::to_string(entries) + "\n");
    if (features != 0) script += "run features[0] = " + std::to_string(features) + "\n";
    RunResult const result = run_well(script);
    CHECK(times(result.findings, Sometimes::submission_queue_full) > 0);
    CHECK(result.all_echoed());
}

TEST_CASE("fault_Q2: what the kernel did not take is submitted again, in order") {
    std::string const more = GENERATE("", "run entries[0] = 2\n");
    std::string const script = six_peers_and(more);
    Findings const met =
        sweep({.script = script, .fault = Choice::submit_part, .to = 8}, all_echoed);
    CHECK(times(met, Sometimes::entries_submitted_in_part) > 0);
}

TEST_CASE("fault_Q2: an enter() that fails is made again") {
    std::string const more = GENERATE("", "run entries[0] = 1\nrun completions[0] = 1\n");
    std::string const script = six_peers_and(more);
    Findings const met = sweep({.script = script, .fault = Choice::enter_fails}, all_echoed);
    CHECK(times(met, Sometimes::enter_failed) == met.runs);
}

TEST_CASE("fault_Q3: completions that overflow are fetched, and none is lost") {
    std::uint32_t const completions = GENERATE(1u, 2u, 3u, 4u, 5u);
    RunResult const result = run_well(six_peers_and(
        "run entries[0] = 1\nrun completions[0] = " + std::to_string(completions) + "\n"));
    CHECK(result.plan.ring.completions == 1u << (completions - 1));
    CHECK(times(result.findings, Sometimes::completions_overflowed) > 0);
    CHECK(times(result.findings, Sometimes::overflow_flushed) ==
          times(result.findings, Sometimes::completions_overflowed));
    CHECK(result.all_echoed());
}

TEST_CASE("fault_Q3: a queue of one completion with every delay") {
    std::string const script = six_peers_and("run entries[0] = 1\nrun completions[0] = 1\n");
    Findings const met = sweep({.script = script, .fault = Choice::late, .to = 8}, all_echoed);
    CHECK(times(met, Sometimes::multishot_ended_by_overflow) > 0);
}

TEST_CASE("fault_Q5: being woken for nothing makes no work") {
    Findings const met = sweep({.script = six_peers, .fault = Choice::wake_early}, all_echoed);
    CHECK(times(met, Sometimes::woken_for_nothing) == met.runs);
}

TEST_CASE("fault_Q5: deferred work that is done piece by piece is all done") {
    sweep({.script = six_peers, .fault = Choice::work_limit, .to = 3}, all_echoed);
}

TEST_CASE("fault_Q5: who waits for several messages takes what has come in time") {
    // Windows of few completions, and a core that is busy for one of them: each in turn. What is
    // waited for comes together, or later than that, or never.
    std::string const wait = GENERATE("", "run batch_wait[0] = 2\n", "run batch_wait[0] = 4\n");
    std::string const window = GENERATE("1", "2", "3");
    std::string const script = six_peers_and("run batch_window[0] = " + window + "\n" + wait);
    Findings const met = sweep({.script = script, .fault = Choice::busy}, all_echoed);
    CHECK(times(met, Sometimes::batch_in_vain) + times(met, Sometimes::batch_complete) > 0);
}

TEST_CASE("fault_O1: who is ordered to end waits for no batch") {
    // All peers have gone: one turn waits in vain, the next is told to stop while it waits, and the
    // one after that would wait again.
    RunResult const result = run_well("run peers[0] = 3\nrun ending[0] = 3\nrun batch_wait[0] = 4\n"
                                      "run batch_window[0] = 3\nrun busy[0] = 1\n");
    CHECK(times(result.findings, Sometimes::batch_in_vain) == 2);
}

TEST_CASE("fault_O1: a drain answers what has arrived and comes to its end") {
    // When the peers are heard out, in the middle of everything, with a short deadline and with one
    // that has passed; and a stop.
    std::string const ending = GENERATE(
        "run ending[0] = 1\n", "run ending[0] = 2\n", "run ending[0] = 2\nrun ending[1] = 2\n",
        "run ending[0] = 2\nrun ending[1] = 3\n", "run ending[0] = 3\n");
    RunResult const result = run_well(six_peers_and(ending));
    for (Socket const& socket : result.connections)
        CHECK(socket.server_closed);
}

TEST_CASE("fault_O1: a drain that has time answers every byte that was taken") {
    RunResult const result = run_well(six_peers_and("run ending[0] = 2\n"));
    CHECK(times(result.findings, Sometimes::drain_met_deadline) == 0);
    for (Socket const& socket : result.connections)
        CHECK(socket.sent == socket.taken);
}

TEST_CASE("fault_O1: a drain whose deadline has passed resets who is left") {
    RunResult const result = run_well(six_peers_and("run ending[0] = 2\nrun ending[1] = 3\n"));
    CHECK(times(result.findings, Sometimes::drain_met_deadline) > 0);
    CHECK(times(result.findings, Sometimes::reset_by_server) > 0);
}

TEST_CASE("fault_O1: a drain in the middle of other faults comes to its end") {
    Choice const fault = GENERATE(Choice::cancel_races, Choice::late, Choice::no_buffers,
                                  Choice::receive_ends, Choice::accept_fails, Choice::order);
    std::string const script = six_peers_and("run ending[0] = 2\n");
    sweep({.script = script, .fault = fault, .to = 16});
}

TEST_CASE("fault_O3: every set of optional features of the kernel serves") {
    for (std::uint32_t missing = 1; missing < 32; ++missing) {
        RunResult const result =
            run_well(six_peers_and("run features[0] = " + std::to_string(missing) + "\n"));
        CHECK(result.plan.features.has(Feature::direct_descriptors) == ((missing & 1) == 0));
        CHECK(result.all_echoed());
    }
}
