// Time as the library knows it: monotonic, and read only through the ring.
#pragma once

#include <chrono>

namespace kodama {

// CLOCK_MONOTONIC with the real ring, invented by a simulated one.
using TimePoint = std::chrono::steady_clock::time_point;
// A length of time on the same clock.
using Duration = std::chrono::steady_clock::duration;

// A deadline that does not come.
inline constexpr TimePoint never = TimePoint::max();

} // namespace kodama
