// Many echo clients at once, driven from one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <kodama/base/address.hpp>

namespace kodama::testing {

struct Load {
    Address server;
    std::size_t connections = 1;
    std::uint64_t bytes = 1;               // that each connection sends, each its own payload
    std::size_t segment_max = 64 * 1024;   // a send hands over 1 to so many bytes, drawn anew
    std::uint64_t in_flight_max = 1 << 20; // at most so many bytes sent and not yet come back
    bool half_close = true; // shut down sending after the last byte and expect a FIN; else close
    std::uint64_t seed = 0;
    std::chrono::seconds deadline{120};
};

// Connects all, then sends and receives on all of them. Throws at the first byte that is wrong, at
// a missing or early FIN, and at the deadline, saying which connection and which offset.
void run(Load const& load);

} // namespace kodama::testing
