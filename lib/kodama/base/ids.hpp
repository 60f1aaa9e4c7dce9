// Integers that cannot be mixed up.
#pragma once

#include <cstdint>

namespace kodama {

// One number for three things: a connection's direct descriptor, its index in the connection table
// and its part of the token. Below slots_max.
enum class Slot : std::uint32_t {};

// How often a slot has been taken. A completion that carries an older generation is stale.
enum class Generation : std::uint32_t {};

// The number of a buffer in the group that the kernel receives into (`bid` in io_uring's words).
enum class BufferId : std::uint16_t {};

// The kernel's own limit for a table of direct descriptors (IORING_MAX_FIXED_FILES, Linux 6.1).
inline constexpr std::uint32_t slots_max = 1u << 20;

[[nodiscard]] constexpr std::uint32_t index_of(Slot slot) noexcept {
    return static_cast<std::uint32_t>(slot);
}
[[nodiscard]] constexpr std::uint16_t index_of(BufferId id) noexcept {
    return static_cast<std::uint16_t>(id);
}
[[nodiscard]] constexpr Generation next(Generation generation) noexcept {
    return Generation{static_cast<std::uint32_t>(generation) + 1};
}

} // namespace kodama
