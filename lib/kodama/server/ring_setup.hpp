// A worker's ring: which it is, how large, and what that costs.
#pragma once

#include <cstddef>
#include <memory>

#include <kodama/core/worker.hpp>
#include <kodama/ring/kernel_ring.hpp>

namespace kodama {

[[nodiscard]] KernelRing::Setup ring_setup(FeatureSet features,
                                           WorkerLimits const& limits) noexcept;

// The kernel's ring; in a build with -Dchecked_ring=true, with the protocol asserted. Throws
// SetupError. The calling thread is the ring's from then on.
[[nodiscard]] std::unique_ptr<Ring> make_ring(FeatureSet features, WorkerLimits const& limits);

// Bytes that the kernel charges to RLIMIT_MEMLOCK for one worker: its queues and its buffer ring.
[[nodiscard]] std::size_t locked_memory(WorkerLimits const& limits) noexcept;

} // namespace kodama
