// What a connection has still to send, in order.
#pragma once

#include <cstddef>
#include <span>

#include <sys/uio.h>

#include <kodama/core/buffer.hpp>

namespace kodama {

class BufferPool;

// A queue of leases, linked through their blocks: it has no memory of its own and no bound of its
// own. Blocks may belong to different pools. While a send is in flight, the bytes that it covers
// stay where they are: only `consume` and `clear` release blocks.
class SendQueue {
public:
    SendQueue() noexcept = default;
    SendQueue(SendQueue const&) = delete;
    SendQueue& operator=(SendQueue const&) = delete;
    // Must be empty.
    ~SendQueue();

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; } // bytes

    void push(Buffer&& buffer) noexcept;

    // A piece of SharedPieces: it refers to bytes that are nobody's to move.
    void push_piece(BufferBlock& piece) noexcept { append(piece); }

    // Appends a copy of the bytes, first behind what the last block already holds if that block is
    // of `pool`. The pool must have room: ceil(bytes / block size) free blocks always do.
    void push_copy(std::span<std::byte const> bytes, BufferPool& pool) noexcept;

    // Fills `vectors` with the first bytes of the queue; returns how many vectors it used.
    [[nodiscard]] std::size_t gather(std::span<iovec> vectors) const noexcept;

    // The first `count` bytes were sent: their blocks go back.
    void consume(std::size_t count) noexcept;

    // Takes the front out, for those who queue what they have received; empty when nothing is
    // there.
    [[nodiscard]] Buffer pop() noexcept;

    void clear() noexcept;

    // How many free blocks of `pool` are surely enough for move_into(); 0 when nothing is outside.
    [[nodiscard]] std::size_t blocks_to_move_into(BufferPool const& pool) const noexcept;

    // Copies everything that is not in `pool` into it, so that the blocks of other pools go back;
    // returns how many bytes that were. Blocks of `pool` and shared pieces stay where they are. No
    // send may be in flight that covers a block of another pool.
    std::size_t move_into(BufferPool& pool) noexcept;

private:
    void append(BufferBlock& block) noexcept;

    BufferBlock* first_ = nullptr;
    BufferBlock* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace kodama
