// Places for shared bytes in send queues.
#pragma once

#include <cstdint>
#include <memory>

#include <kodama/core/buffer.hpp>
#include <kodama/core/shared_bytes.hpp>

namespace kodama {

class SharedPieces;

// A block of no pool: its memory is that of `bytes`.
struct SharedPiece : BufferBlock {
    SharedPieces* home = nullptr;
    SharedBytes bytes;
};

// A fixed number of them, of one worker. A piece is with one send queue or here.
class SharedPieces {
public:
    explicit SharedPieces(std::uint32_t count);
    SharedPieces(SharedPieces const&) = delete;
    SharedPieces& operator=(SharedPieces const&) = delete;
    // Every piece must have come back.
    ~SharedPieces();

    // A piece that refers to all of the bytes, for a send queue; null when there is none left.
    [[nodiscard]] BufferBlock* take(SharedBytes const& bytes) noexcept;

    [[nodiscard]] std::uint32_t out() const noexcept { return out_; }

    [[nodiscard]] static bool is_piece(BufferBlock const& block) noexcept {
        return block.pool == nullptr;
    }
    static void give_back(BufferBlock& block) noexcept;

private:
    std::uint32_t count_;
    std::uint32_t used_ = 0; // of the array; what was never used is not touched
    std::uint32_t out_ = 0;
    SharedPiece* free_ = nullptr;
    std::unique_ptr<std::byte[]> memory_;
};

} // namespace kodama
