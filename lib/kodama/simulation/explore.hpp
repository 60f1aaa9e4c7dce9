// Looking for runs in which a server goes wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <kodama/base/export.hpp>
#include <kodama/simulation/program.hpp>

namespace kodama::simulation {

// How to look. Seeds are tried in order, from the first one on.
struct Exploration {
    std::uint64_t first_seed = 0;                                 // the first run's number
    std::uint64_t runs = 2000;                                    // at most
    std::chrono::nanoseconds time = std::chrono::hours(24 * 365); // at most, for all runs
    bool shrink = true; // make what was found smaller, which takes more runs
};

// A run in which something went wrong, as small as it could be made.
struct Finding {
    std::string what;       // one line
    std::uint64_t seed = 0; // which fails too, with more that does not matter
    std::string script;     // what happens in it, one decision a line; run_script() takes it
};

// Each run is made in a child process, so that a crash is a finding and not the end; the caller
// must have no threads that hold locks. Throws std::system_error where there can be no child.
[[nodiscard]] KODAMA_EXPORT std::optional<Finding> explore(Program const& program,
                                                           Exploration const& exploration = {});

// Makes the run that a script describes. Throws std::invalid_argument for one that cannot be read,
// or that makes decisions which nobody asks for any more.
[[nodiscard]] KODAMA_EXPORT std::optional<Finding> run_script(Program const& program,
                                                              std::string_view script);

} // namespace kodama::simulation
