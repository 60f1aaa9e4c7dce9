// The kernel's side of a registered buffer ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kodama/ring/abi.hpp>

namespace kodama::simulation {

// Reads the memory that the program shares, as the kernel does: entries from its own head up to the
// tail, which lies in the first entry.
class SharedBuffers {
public:
    SharedBuffers(io_uring_buf* entries, unsigned count, std::uint16_t group) noexcept
        : entries_(entries), mask_(static_cast<std::uint16_t>(count - 1)), group_(group) {}

    [[nodiscard]] std::uint16_t group() const noexcept { return group_; }
    [[nodiscard]] std::uint16_t available() const noexcept;
    // The oldest one, which is the kernel's no longer.
    [[nodiscard]] io_uring_buf take() noexcept;
    // The oldest one, which stays.
    [[nodiscard]] io_uring_buf const& front() const noexcept { return entries_[head_ & mask_]; }

private:
    io_uring_buf* entries_;
    std::uint16_t mask_;
    std::uint16_t group_;
    std::uint16_t head_ = 0;
};

} // namespace kodama::simulation
