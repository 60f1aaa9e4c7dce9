// The ways of going through runs.
#pragma once

#include <cstddef>
#include <optional>

#include <kodama/simulation/exhaustive.hpp>
#include <kodama/simulation/explore.hpp>
#include <kodama/simulation/sandbox.hpp>

namespace kodama::simulation {

inline constexpr std::size_t shrink_attempts = 3000;

// Until a run fails, or the exploration is over.
[[nodiscard]] std::optional<Failure> search_seeds(Sandbox& sandbox, Exploration const& exploration);

// All of a scope; see Exhaustive.
[[nodiscard]] std::optional<Failure> search_scope(Sandbox& sandbox, Scope const& scope,
                                                  std::size_t depth);

} // namespace kodama::simulation
