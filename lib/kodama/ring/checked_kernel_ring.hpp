// The kernel's ring with the protocol asserted.
#pragma once

#include <kodama/ring/checked_ring.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/ring/kernel_ring.hpp>

namespace kodama {

// A base, so that it is there before the CheckedRing that is around it.
struct KernelRingInside {
    KernelRing kernel_ring;
};

class CheckedKernelRing final : KernelRingInside, public CheckedRing {
public:
    // Throws SetupError.
    explicit CheckedKernelRing(KernelRing::Setup const& setup)
        : KernelRingInside{KernelRing(setup)},
          CheckedRing(kernel_ring, setup.entries, setup.completions,
                      setup.features.has(Feature::direct_descriptors)) {}
};

} // namespace kodama
