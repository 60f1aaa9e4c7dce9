// The memory that buffers are leases on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <kodama/base/ids.hpp>
#include <kodama/core/buffer.hpp>

namespace kodama {

// A fixed number of blocks of one size, allocated once. Each block is at any time with exactly one
// holder:
//
//     pool --take_for_kernel()--> kernel --received()--> lease --Buffer ends--> pool
//     pool --take()--> lease
//
// Free blocks are reused last-in first-out, so that the memory in use is the memory that is warm.
// Nobody may touch a block that is not leased: AddressSanitizer is told so.
class BufferPool {
public:
    BufferPool(std::uint32_t count, std::uint32_t block_size);
    BufferPool(BufferPool const&) = delete;
    BufferPool& operator=(BufferPool const&) = delete;
    // Every lease must have ended.
    ~BufferPool();

    // An empty lease for bytes to be written into, or one without memory when the pool is empty.
    [[nodiscard]] Buffer take() noexcept;

    // Gives one block to the kernel; null when the pool is empty.
    [[nodiscard]] BufferBlock* take_for_kernel() noexcept;

    // The kernel has filled the block with `size` bytes: it is ours, as a lease.
    [[nodiscard]] Buffer received(BufferId id, std::uint32_t size) noexcept;

    // Whether the memory is in one of its blocks.
    [[nodiscard]] bool holds(void const* memory) const noexcept;

    [[nodiscard]] BufferId id_of(BufferBlock const& block) const noexcept;

    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint32_t block_size() const noexcept { return block_size_; }
    [[nodiscard]] std::uint32_t free_count() const noexcept { return free_count_; }
    [[nodiscard]] std::uint32_t leased_count() const noexcept { return leased_count_; }
    [[nodiscard]] std::uint32_t kernel_count() const noexcept {
        return count_ - free_count_ - leased_count_;
    }
    [[nodiscard]] std::size_t free_bytes() const noexcept {
        return std::size_t{free_count_} * block_size_;
    }

    // Appends to what the leased block holds, as much as fits behind it; returns how much did. For
    // blocks from take(): behind received bytes is memory that nobody may touch.
    std::uint32_t append(BufferBlock& block, std::byte const* bytes, std::size_t size) noexcept;

private:
    friend class Buffer;
    friend class SendQueue;

    void give_back(BufferBlock& block) noexcept;
    [[nodiscard]] BufferBlock* pop_free() noexcept;

    // Blocks are set apart by a cache line: without it all of them would begin in the same few
    // sets of the first-level cache whenever their size is a power of two.
    static constexpr std::uint32_t stride_padding = 64;

    std::uint32_t count_;
    std::uint32_t block_size_;
    std::uint32_t free_count_ = 0;
    std::uint32_t leased_count_ = 0;
    BufferBlock* free_ = nullptr;
    std::unique_ptr<std::byte[]> memory_;
    std::vector<BufferBlock> blocks_;
};

} // namespace kodama
