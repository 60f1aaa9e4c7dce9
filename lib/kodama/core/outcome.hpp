// What a completion's result means. The only place in `core` that names an errno.
#pragma once

#include <cstdint>

#include <kodama/core/token.hpp>

namespace kodama {

enum class Outcome : std::uint8_t {
    done,           // it worked
    again,          // nothing wrong: submit it again
    nothing_yet,    // it would have had to wait, and was told not to
    no_buffers,     // the kernel had no receive buffer to give
    cancelled,      //
    running,        // too late to cancel it: it is being carried out, and ends by itself
    no_descriptors, // later
    no_memory,      // later
    peer_gone,      // the connection is lost
    peer_silent,    // it is lost because the peer acknowledged nothing for too long
    unusable,       // the listening socket is no longer one
};

// `result` as the completion carries it: a count or descriptor, or a negative errno.
[[nodiscard]] Outcome outcome_of(Operation operation, std::int32_t result) noexcept;

} // namespace kodama
