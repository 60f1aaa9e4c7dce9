// How large a worker's ring is, and what that costs.
#pragma once

#include <cstddef>

#include <kodama/core/worker.hpp>
#include <kodama/ring/kernel_ring.hpp>

namespace kodama {

[[nodiscard]] KernelRing::Setup ring_setup(FeatureSet features,
                                           WorkerLimits const& limits) noexcept;

// Bytes that the kernel charges to RLIMIT_MEMLOCK for one worker: its queues and its buffer ring.
[[nodiscard]] std::size_t locked_memory(WorkerLimits const& limits) noexcept;

} // namespace kodama
