// What one simulated run is about: its sizes, its limits, and how it ends.
#pragma once

#include <cstdint>
#include <optional>

#include <kodama/core/worker.hpp>
#include <kodama/simulation/network.hpp>
#include <kodama/simulation/peer.hpp>
#include <kodama/simulation/simulated_ring.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// How a run ends, once the faults are over.
enum class Ending : std::uint8_t {
    peers_leave,         // each says what it has to say and finishes; then the server drains
    drain,               // the server drains while they talk
    drain_during_faults, // the same in the middle of the run
    stop,                // the server stops
    drain_then_stop,     // a second signal, while it drains
};

struct Plan {
    FeatureSet features = FeatureSet::all();
    WorkerLimits limits;
    SimulatedRing::Setup ring;
    Network::Windows windows;
    std::uint32_t peers = 1;
    std::optional<Behaviour> behaviour; // of all peers; by default each has its own
    std::optional<Stay> stay;           // of all peers but the first
    std::uint32_t listeners = 1;
    std::uint32_t most_bytes = 0; // that a peer says on a connection
    std::uint32_t length = 0;     // turns before the faults end
    Ending ending = Ending::peers_leave;
    Duration drain_timeout{};
};

// Every decision is the tape's; with all of them 0 it is one peer on an ample server.
[[nodiscard]] Plan draw_plan(Tape& tape);

} // namespace kodama::simulation
