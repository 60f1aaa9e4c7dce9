#include <kodama/core/send_queue.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>
#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/shared_pieces.hpp>

namespace kodama {

namespace {

bool is_piece(BufferBlock const& block) noexcept { return SharedPieces::is_piece(block); }

} // namespace

SendQueue::~SendQueue() { KODAMA_ASSERT(first_ == nullptr); }

void SendQueue::push(Buffer&& buffer) noexcept {
    Buffer taken = std::move(buffer);
    if (taken.empty()) return; // a block without bytes would never be consumed
    append(*std::exchange(taken.block_, nullptr));
}

void SendQueue::append(BufferBlock& block) noexcept {
    KODAMA_ASSERT(block.holder == BufferBlock::Holder::lease);
    block.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &block;
    last_ = &block;
    size_ += block.size;
}

void SendQueue::push_copy(std::span<std::byte const> bytes, BufferPool& pool) noexcept {
    while (!bytes.empty()) {
        std::uint32_t copied = 0;
        if (last_ != nullptr && last_->pool == &pool) {
            copied = pool.append(*last_, bytes.data(), bytes.size());
            size_ += copied;
        }
        if (copied == 0) {
            Buffer fresh = pool.take();
            KODAMA_ASSERT(fresh.block_ != nullptr);
            copied = pool.append(*fresh.block_, bytes.data(), bytes.size());
            push(std::move(fresh));
        }
        bytes = bytes.subspan(copied);
    }
}

std::size_t SendQueue::gather(std::span<iovec> vectors) const noexcept {
    std::size_t count = 0;
    for (BufferBlock* block = first_; block != nullptr && count < vectors.size();
         block = block->next) {
        KODAMA_ASSERT(block->size > 0);
        vectors[count++] = {.iov_base = block->memory + block->begin, .iov_len = block->size};
    }
    return count;
}

void SendQueue::consume(std::size_t count) noexcept {
    KODAMA_ASSERT(count <= size_);
    size_ -= count;
    while (count > 0) {
        BufferBlock* const block = first_;
        KODAMA_ASSERT(block != nullptr);
        auto const part = static_cast<std::uint32_t>(std::min<std::size_t>(count, block->size));
        block->begin += part;
        block->size -= part;
        count -= part;
        if (block->size > 0) break;
        first_ = block->next;
        if (first_ == nullptr) last_ = nullptr;
        is_piece(*block) ? SharedPieces::give_back(*block) : block->pool->give_back(*block);
    }
    KODAMA_ASSERT((size_ == 0) == (first_ == nullptr));
}

Buffer SendQueue::pop() noexcept {
    BufferBlock* const block = first_;
    if (block == nullptr) return {};
    KODAMA_ASSERT(block->size <= size_);
    size_ -= block->size;
    first_ = block->next;
    if (first_ == nullptr) last_ = nullptr;
    KODAMA_ASSERT((size_ == 0) == (first_ == nullptr));
    return Buffer(block);
}

void SendQueue::clear() noexcept { consume(size_); }

std::size_t SendQueue::blocks_to_move_into(BufferPool const& pool) const noexcept {
    std::size_t blocks = 0;
    for (BufferBlock* block = first_; block != nullptr; block = block->next) {
        if (block->pool == &pool || is_piece(*block)) continue;
        blocks += (block->size + pool.block_size() - 1) / pool.block_size();
    }
    return blocks;
}

std::size_t SendQueue::move_into(BufferPool& pool) noexcept {
    [[maybe_unused]] std::size_t const size_before = size_; // for the assertion below
    std::size_t moved = 0;
    BufferBlock* rest = std::exchange(first_, nullptr);
    last_ = nullptr;
    size_ = 0;
    while (rest != nullptr) {
        BufferBlock& block = *std::exchange(rest, rest->next);
        if (block.pool == &pool || is_piece(block)) {
            append(block);
        } else {
            Buffer const buffer(&block); // which gives it back
            moved += buffer.size();
            push_copy(buffer.bytes(), pool);
        }
    }
    KODAMA_ASSERT(size_ == size_before);
    return moved;
}

} // namespace kodama
