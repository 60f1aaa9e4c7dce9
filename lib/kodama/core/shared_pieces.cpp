#include <kodama/core/shared_pieces.hpp>

#include <new>
#include <utility>

#include <kodama/base/assert.hpp>

namespace kodama {

using Holder = BufferBlock::Holder;

SharedPieces::SharedPieces(std::uint32_t count)
    : count_(count), memory_(new std::byte[std::size_t{count} * sizeof(SharedPiece)]) {}

SharedPieces::~SharedPieces() {
    KODAMA_ASSERT(out_ == 0);
    while (free_ != nullptr)
        std::exchange(free_, static_cast<SharedPiece*>(free_->next))->~SharedPiece();
}

BufferBlock* SharedPieces::take(SharedBytes const& bytes) noexcept {
    KODAMA_ASSERT(!bytes.empty());
    SharedPiece* piece = free_;
    if (piece != nullptr) {
        free_ = static_cast<SharedPiece*>(piece->next);
    } else if (used_ < count_) {
        piece = ::new (memory_.get() + sizeof(SharedPiece) * used_++) SharedPiece;
        piece->home = this;
    } else {
        return nullptr;
    }
    KODAMA_ASSERT(piece->holder == Holder::pool);
    piece->holder = Holder::lease;
    piece->bytes = bytes;
    // Nothing writes to what a send queue holds; iovec has no const.
    piece->memory = const_cast<std::byte*>(piece->bytes.bytes().data());
    piece->begin = 0;
    piece->size = static_cast<std::uint32_t>(piece->bytes.size());
    ++out_;
    return piece;
}

void SharedPieces::give_back(BufferBlock& block) noexcept {
    KODAMA_ASSERT(is_piece(block));
    KODAMA_ASSERT(block.holder == Holder::lease);
    auto& piece = static_cast<SharedPiece&>(block);
    SharedPieces& home = *piece.home;
    piece.bytes = {};
    piece.holder = Holder::pool;
    piece.next = home.free_;
    home.free_ = &piece;
    KODAMA_ASSERT(home.out_ > 0);
    --home.out_;
}

} // namespace kodama
