// What an entry asks for.
#pragma once

#include <kodama/ring/abi.hpp>
#include <kodama/ring/pending_requests.hpp>

namespace kodama {

// Ends the process (protocol_violated) when the entry is none of those that core/requests.cpp
// makes, or not well formed. What a send points at is left to the caller: `result_max` of a send
// is 0.
[[nodiscard]] PendingRequest decode(io_uring_sqe const& entry, bool direct_descriptors);

} // namespace kodama
