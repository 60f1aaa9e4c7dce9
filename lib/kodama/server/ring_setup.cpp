#include <kodama/server/ring_setup.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

#ifdef KODAMA_CHECKED_RING
#include <kodama/ring/checked_kernel_ring.hpp>
#endif

namespace kodama {

namespace {

#ifdef KODAMA_CHECKED_RING
using WorkerRing = CheckedKernelRing;
#else
using WorkerRing = KernelRing;
#endif

} // namespace

KernelRing::Setup ring_setup(FeatureSet features, WorkerLimits const& limits) noexcept {
    // The completion queue takes what one turn can bring: everything that was waiting to be
    // accepted, and a receive and a send for every connection. An overflow would lose nothing, but
    // cost much.
    constexpr std::uint32_t completions_min = 4096;
    constexpr std::uint32_t completions_max = 65536; // the kernel's own limit
    std::uint32_t const wanted =
        2 * (limits.max_connections + limits.max_outgoing) + 2 * limits.backlog;
    return {.completions = std::clamp(wanted, completions_min, completions_max),
            .features = features};
}

std::unique_ptr<Ring> make_ring(FeatureSet features, WorkerLimits const& limits) {
    return std::make_unique<WorkerRing>(ring_setup(features, limits));
}

std::size_t locked_memory(WorkerLimits const& limits) noexcept {
    constexpr std::size_t page = 4096;
    auto const pages = [](std::size_t bytes) { return (bytes + page - 1) / page * page; };
    KernelRing::Setup const setup = ring_setup({}, limits);
    std::size_t const entries = std::bit_ceil(setup.entries);
    std::size_t const completions = std::bit_ceil(setup.completions);
    std::size_t const buffers = std::bit_ceil(limits.buffer_count);
    return pages(entries * 64) + pages(entries * 4 + completions * 16 + 64) + pages(buffers * 16);
}

} // namespace kodama
