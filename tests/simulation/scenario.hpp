// Runs of the echo server that somebody wrote down, and such runs with one fault put everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/simulation/plan.hpp>
#include <kodama/simulation/script.hpp>
#include <kodama/simulation/simulation.hpp>

namespace kodama::testing {

// The echo server, as `app` has it.
[[nodiscard]] simulation::Program echo_program();

// What one run came to.
struct RunResult {
    std::string failure; // empty: all was well
    simulation::Findings findings;
    simulation::Script decided;
    simulation::Script unused; // of a script, which is stale then
    std::vector<simulation::Question> questions;
    std::uint64_t faults = 0;
    simulation::Plan plan;
    std::vector<simulation::Socket> connections; // as they were in the end

    // Every byte that a peer said was taken, and went back.
    [[nodiscard]] bool all_echoed() const;
};

// Each makes one run in this process, so a violated assertion of the server ends the test.
[[nodiscard]] RunResult make_run(simulation::Tape& tape, simulation::DecisionLog& log,
                                 simulation::Watcher* watcher = nullptr);
[[nodiscard]] RunResult run_decisions(simulation::Script const& script);
[[nodiscard]] RunResult run_seed(std::uint64_t seed, simulation::Watcher* watcher = nullptr);

// A log that the runs of this process may use one after the other: it is large.
[[nodiscard]] simulation::DecisionLog& shared_log();

// Requires that the run goes well, and that it is the one that was meant: nothing in the script is
// left over.
RunResult run_well(std::string_view script);

// A fault at every point of a run where it can happen, each in a run of its own. Which points there
// are, the run without it tells.
struct Sweep {
    std::string_view script; // what the run is about
    simulation::Choice fault{};
    std::uint32_t from = 1; // the values to try
    std::uint32_t to = 1;
};

// Requires that each of these runs goes well, and that the fault happened in it; `check` sees each,
// unless it is null. Returns what all of them met, and how many there were.
using Check = void (*)(RunResult const& result, simulation::Decision const& fault);
simulation::Findings sweep(Sweep const& sweep, Check check = nullptr);

// How often something was met; a happening, in one situation or in all.
[[nodiscard]] std::uint64_t times(simulation::Findings const& findings, simulation::Sometimes what);
[[nodiscard]] std::uint64_t times(simulation::Findings const& findings,
                                  simulation::Happening happening);
[[nodiscard]] std::uint64_t times(simulation::Findings const& findings,
                                  simulation::Situation situation, simulation::Happening happening);

} // namespace kodama::testing
