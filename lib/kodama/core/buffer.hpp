// A lease on a piece of a worker's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <kodama/base/export.hpp>

namespace kodama {

class BufferPool;

// One piece of pool memory and what of it holds bytes. Internal: a session sees a Buffer.
struct BufferBlock {
    BufferBlock* next = nullptr; // in the pool's free list or in a send queue
    BufferPool* pool = nullptr;
    std::byte* memory = nullptr;
    std::uint32_t begin = 0; // first byte that counts
    std::uint32_t size = 0;  // how many do
    enum class Holder : std::uint8_t { pool, kernel, lease } holder = Holder::pool;
};

// Received bytes, or a piece of them, owned by whoever holds this object and given back to the
// worker when it ends. Moves, never copies: the memory is the very memory that the kernel received
// into, and `Connection::send` hands the same memory back to the kernel.
//
// Lifetime: may be kept across hooks, but not past the session that received it or past the server;
// what is kept is missing to all connections of the worker. Threads: belongs to its worker's
// thread.
class KODAMA_EXPORT Buffer {
public:
    Buffer() noexcept = default; // empty: no memory, no bytes
    // The other is empty afterwards.
    Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    // Gives back what it held; the other is empty afterwards.
    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            release();
            block_ = std::exchange(other.block_, nullptr);
        }
        return *this;
    }
    ~Buffer() { release(); }

    // In bytes.
    [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
    // Whether it holds no bytes.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    // What it holds; valid until the buffer ends, is moved or is sent.
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return {data(), size()}; }
    // What is received is its holder's, and may be changed before it is sent on.
    [[nodiscard]] std::span<std::byte> bytes() noexcept { return {data(), size()}; }
    // The same as text.
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<char const*>(data()), size()};
    }

    // Narrow the buffer to a part of what it holds, in place; both stop at its ends. So a part of a
    // message can be sent: `buffer.remove_prefix(4); connection.send(std::move(buffer));`.
    void remove_prefix(std::size_t count) noexcept;
    // Keeps the first `count` bytes; see remove_prefix().
    void keep_prefix(std::size_t count) noexcept;

    // Gives the memory back now; the buffer is empty afterwards.
    void release() noexcept;

private:
    friend class BufferPool;
    friend class SendQueue;

    explicit Buffer(BufferBlock* block) noexcept : block_(block) {}

    [[nodiscard]] std::byte* data() const noexcept {
        return block_ == nullptr ? nullptr : block_->memory + block_->begin;
    }

    BufferBlock* block_ = nullptr;
};

} // namespace kodama
