// Options, checked once and shared out among workers.
#pragma once

#include <cstddef>

#include <kodama/core/worker.hpp>
#include <kodama/server/options.hpp>

namespace kodama {

// Throws OptionError for the first value out of range: its message names option, value and range.
void validate(Options const& options);

// Each worker's share of what `options` allow the whole server. Throws OptionError where a share is
// too small to work with.
[[nodiscard]] WorkerLimits share_of(Options const& options, std::size_t worker_count);

} // namespace kodama
