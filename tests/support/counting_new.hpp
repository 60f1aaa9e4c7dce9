// Counts what the program allocates. Linking counting_new.cpp replaces the global operator new, so
// it belongs into one test executable only.
#pragma once

#include <cstdint>

namespace kodama::testing {

// Calls of any operator new so far, in threads that are not excluded.
[[nodiscard]] std::uint64_t allocations() noexcept;

// How many bytes these asked for.
[[nodiscard]] std::uint64_t allocated_bytes() noexcept;

// While it lives, what its thread allocates is not counted: for the thread that plays the clients.
class AllocationsNotCounted {
public:
    AllocationsNotCounted() noexcept;
    AllocationsNotCounted(AllocationsNotCounted const&) = delete;
    AllocationsNotCounted& operator=(AllocationsNotCounted const&) = delete;
    ~AllocationsNotCounted();
};

} // namespace kodama::testing
