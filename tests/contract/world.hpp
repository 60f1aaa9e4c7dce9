// What the tests of a ring have to be told about its surroundings.
#pragma once

#include <cstdint>

namespace kodama::testing {

struct RingSizes {
    unsigned entries = 64;
    unsigned completions = 512;
    unsigned direct_descriptors = 64;
    std::uint32_t buffers = 16;
    std::uint32_t buffer_size = 64;
    std::uint32_t ordinary_descriptors = 1024; // see KernelWorld::limit_descriptors
    // Whether the simulated ring asserts the protocol; of the kernel's rings, the type tells.
    bool checked = true;
};

// How to make a ring, and how to be its peer:
//
//   Peer, Listener              as KernelPeer and KernelListener
//   feature_sets()              the sets of features that every fact is tried with
//   polls_busily                whether the ring looks before it sleeps
//   make(features, sizes)       the ring; listen(): a listening socket for it
//   close_ordinary(descriptor)  gives back what the ring accepted
//   limit_descriptors(sizes)    lives as long as the limit
//   meanwhile(work)             somebody else does it; join() waits for that
template <class R> class WorldOf;

} // namespace kodama::testing
