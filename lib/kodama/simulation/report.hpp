// What was found, for people.
#pragma once

#include <iosfwd>
#include <string_view>

#include <kodama/simulation/sandbox.hpp>

namespace kodama::simulation {

// One line for the runs, and one for each kind of thing that was never met.
void print_summary(std::ostream& out, Findings const& findings, double seconds);

// Every count: each event in each state, and everything rare.
void print_tables(std::ostream& out, Findings const& findings);

// The failure in one line, and its script.
void print_failure(std::ostream& out, Failure const& failure, std::string_view how_to_replay);

// Illegal events that were met in spite of that; empty if there are none.
[[nodiscard]] std::string illegal_events(Findings const& findings);

} // namespace kodama::simulation
