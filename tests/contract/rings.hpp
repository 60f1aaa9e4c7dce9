// The rings that the contract is tested on.
#pragma once

#include <kodama/ring/checked_kernel_ring.hpp>
#include <kodama/ring/kernel_ring.hpp>
#include <kodama/simulation/simulated_ring.hpp>

// For TEMPLATE_TEST_CASE. On the second of them, everything that the case does and sees is checked
// by RingProtocol, which is how we know that it asks for nothing that a kernel does not keep. On
// the third, which checks so too, the same shows that the simulated kernel is like the real one;
// where they differ, the real one is right.
#define KODAMA_RINGS                                                                               \
    ::kodama::KernelRing, ::kodama::CheckedKernelRing, ::kodama::simulation::SimulatedRing

// For cases that do what RingProtocol forbids, with RingSizes::checked off; each says why it does
// so all the same.
#define KODAMA_UNCHECKED_RINGS ::kodama::KernelRing, ::kodama::simulation::SimulatedRing
