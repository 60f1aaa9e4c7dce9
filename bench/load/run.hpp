// One run, from connecting to the last answer.
#pragma once

#include <stdexcept>

#include <bench/load/options.hpp>
#include <bench/load/progress.hpp>
#include <bench/load/result.hpp>

namespace kodama::bench {

// No connection could be made at all.
class Unreachable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Throws Unreachable, OptionError or SetupError.
[[nodiscard]] Result run(LoadOptions const& options, Progress& progress);

// The first signal ends the run in order, a second one at once; may be called by a handler.
void interrupt() noexcept;

} // namespace kodama::bench
