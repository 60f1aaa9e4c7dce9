#include <kodama/ring/buffer_ring.hpp>

#include <atomic>
#include <bit>
#include <new>

#include <kodama/base/assert.hpp>
#include <kodama/ring/setup_failure.hpp>

namespace kodama {

namespace {

constexpr std::align_val_t page{4096}; // the kernel wants the ring at the start of a page
constexpr std::uint32_t capacity_max = 32768;

} // namespace

BufferRing::BufferRing(Ring& ring, std::uint32_t capacity, std::uint16_t group)
    : ring_(ring), mask_(static_cast<std::uint16_t>(std::bit_ceil(capacity) - 1)), group_(group) {
    KODAMA_ASSERT(capacity > 0);
    KODAMA_ASSERT(capacity <= capacity_max);
    std::size_t const entry_count = std::size_t{mask_} + 1;
    entries_ = new (page) io_uring_buf[entry_count]{};
    int const result = ring_.register_buffer_ring(entries_, mask_ + 1u, group_);
    if (result < 0) {
        ::operator delete[](entries_, page);
        throw missing_feature("registered buffer rings", -result);
    }
}

BufferRing::~BufferRing() {
    ring_.unregister_buffer_ring(group_);
    ::operator delete[](entries_, page);
}

void BufferRing::add(BufferId id, std::byte* memory, std::uint32_t size) noexcept {
    KODAMA_ASSERT(static_cast<std::uint16_t>(tail_ - published_tail_) <= mask_);
    io_uring_buf& entry = entries_[tail_ & mask_];
    // Field by field: the tail of the ring lies in the first entry's unused field.
    entry.addr = reinterpret_cast<std::uint64_t>(memory);
    entry.len = size;
    entry.bid = index_of(id);
    ++tail_;
}

void BufferRing::publish() noexcept {
    if (tail_ == published_tail_) return;
    std::atomic_ref<std::uint16_t>(entries_[0].resv).store(tail_, std::memory_order_release);
    published_tail_ = tail_;
}

} // namespace kodama
