// What each worker gets of the server's limits.
#pragma once

#include <cstddef>

#include <kodama/core/worker.hpp>
#include <kodama/server/options.hpp>

namespace kodama {

// Throws OptionError where a share is too small to work with.
[[nodiscard]] WorkerLimits share_of(Options const& options, std::size_t worker_count);

} // namespace kodama
