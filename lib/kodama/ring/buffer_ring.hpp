// The registration of receive buffers with the kernel.
#pragma once

#include <cstddef>
#include <cstdint>

#include <kodama/base/ids.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

// The memory that is shared with the kernel to hand it buffers: add some, then publish them all
// with one store. The kernel takes them in the order in which they were added.
class BufferRing {
public:
    // Registers room for `capacity` buffers (rounded up to a power of two) as `group`. Throws
    // SetupError. `ring` must outlive it.
    BufferRing(Ring& ring, std::uint32_t capacity, std::uint16_t group);
    BufferRing(BufferRing const&) = delete;
    BufferRing& operator=(BufferRing const&) = delete;
    // No receive of the group may be in flight.
    ~BufferRing();

    void add(BufferId id, std::byte* memory, std::uint32_t size) noexcept;
    void publish() noexcept;

    [[nodiscard]] std::uint16_t group() const noexcept { return group_; }

private:
    Ring& ring_;
    io_uring_buf* entries_;
    std::uint16_t mask_;
    std::uint16_t group_;
    std::uint16_t tail_ = 0;           // ours, with what was added
    std::uint16_t published_tail_ = 0; // what the kernel has seen
};

} // namespace kodama
