#include <kodama/core/buffer_pool.hpp>

#include <algorithm>
#include <cstring>
#include <functional>

#include <kodama/base/assert.hpp>
#include <kodama/base/memory_poison.hpp>

namespace kodama {

namespace {

using Holder = BufferBlock::Holder;

} // namespace

void Buffer::remove_prefix(std::size_t count) noexcept {
    if (block_ == nullptr) return;
    auto const removed = static_cast<std::uint32_t>(std::min<std::size_t>(count, block_->size));
    block_->begin += removed;
    block_->size -= removed;
}

void Buffer::keep_prefix(std::size_t count) noexcept {
    if (block_ == nullptr) return;
    block_->size = static_cast<std::uint32_t>(std::min<std::size_t>(count, block_->size));
}

void Buffer::release() noexcept {
    if (block_ == nullptr) return;
    block_->pool->give_back(*block_);
    block_ = nullptr;
}

BufferPool::BufferPool(std::uint32_t count, std::uint32_t block_size)
    : count_(count),
      block_size_(block_size),
      // Not initialised on purpose: memory that is never used is never made physical.
      memory_(new std::byte[std::size_t{count} * (block_size + stride_padding)]),
      blocks_(count) {
    KODAMA_ASSERT(count > 0);
    KODAMA_ASSERT(block_size > 0);
    std::size_t const stride = std::size_t{block_size} + stride_padding;
    for (std::size_t i = count; i-- > 0;) {
        BufferBlock& block = blocks_[i];
        block.pool = this;
        block.memory = memory_.get() + i * stride;
        block.next = free_;
        free_ = &block;
    }
    free_count_ = count;
    poison(memory_.get(), stride * count);
}

BufferPool::~BufferPool() {
    KODAMA_ASSERT(leased_count_ == 0);
    unpoison(memory_.get(), count_ * (std::size_t{block_size_} + stride_padding));
}

Buffer BufferPool::take() noexcept {
    BufferBlock* const block = pop_free();
    if (block == nullptr) return {};
    block->holder = Holder::lease;
    block->begin = 0;
    block->size = 0;
    ++leased_count_;
    unpoison(block->memory, block_size_);
    return Buffer(block);
}

BufferBlock* BufferPool::take_for_kernel() noexcept {
    BufferBlock* const block = pop_free();
    if (block != nullptr) block->holder = Holder::kernel;
    return block;
}

Buffer BufferPool::received(BufferId id, std::uint32_t size) noexcept {
    KODAMA_ASSERT(index_of(id) < count_);
    KODAMA_ASSERT(size <= block_size_);
    BufferBlock& block = blocks_[index_of(id)];
    KODAMA_ASSERT(block.holder == Holder::kernel);
    block.holder = Holder::lease;
    block.begin = 0;
    block.size = size;
    ++leased_count_;
    unpoison(block.memory, size);
    return Buffer(&block);
}

bool BufferPool::holds(void const* memory) const noexcept {
    std::size_t const size = count_ * (std::size_t{block_size_} + stride_padding);
    // Of pointers into different arrays only std::less says which comes first.
    std::less<void const*> const before;
    return !before(memory, memory_.get()) && before(memory, memory_.get() + size);
}

BufferId BufferPool::id_of(BufferBlock const& block) const noexcept {
    KODAMA_ASSERT(block.pool == this);
    return BufferId{static_cast<std::uint16_t>(&block - blocks_.data())};
}

std::uint32_t BufferPool::append(BufferBlock& block, std::byte const* bytes,
                                 std::size_t size) noexcept {
    KODAMA_ASSERT(block.pool == this);
    KODAMA_ASSERT(block.holder == Holder::lease);
    std::uint32_t const end = block.begin + block.size;
    KODAMA_ASSERT(end <= block_size_);
    auto const count = static_cast<std::uint32_t>(std::min<std::size_t>(size, block_size_ - end));
    std::memcpy(block.memory + end, bytes, count);
    block.size += count;
    return count;
}

void BufferPool::give_back(BufferBlock& block) noexcept {
    KODAMA_ASSERT(block.pool == this);
    KODAMA_ASSERT(block.holder == Holder::lease);
    block.holder = Holder::pool;
    block.next = free_;
    free_ = &block;
    ++free_count_;
    KODAMA_ASSERT(leased_count_ > 0);
    --leased_count_;
    poison(block.memory, block_size_);
}

BufferBlock* BufferPool::pop_free() noexcept {
    BufferBlock* const block = free_;
    if (block == nullptr) return nullptr;
    KODAMA_ASSERT(block->holder == Holder::pool);
    free_ = block->next;
    block->next = nullptr;
    --free_count_;
    return block;
}

} // namespace kodama
