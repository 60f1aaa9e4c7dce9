// From a run that fails to the smallest one that fails like it.
#pragma once

#include <cstddef>

#include <kodama/simulation/sandbox.hpp>

namespace kodama::simulation {

// Leaves out decisions and lowers those that it cannot leave out, for as long as the run still
// fails in the same way, at most `attempts` times. That works without knowing what any of them
// means, because 0 is benign and what is missing is 0 (the idea of Hypothesis).
[[nodiscard]] Failure shrink(Sandbox& sandbox, Failure const& failure, std::size_t attempts);

// What a failure has in common with others of its kind: its text without numbers and names.
[[nodiscard]] std::string kind_of(std::string const& what);

} // namespace kodama::simulation
