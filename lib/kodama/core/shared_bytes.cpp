#include <kodama/core/shared_bytes.hpp>

#include <cstring>
#include <new>

#include <kodama/base/assert.hpp>

namespace kodama {

SharedBytes SharedBytes::copy_of(std::span<std::byte const> bytes) {
    KODAMA_ASSERT(bytes.size() <= size_max);
    SharedBytes copy;
    if (bytes.empty()) return copy;
    void* const memory = ::operator new(sizeof(Block) + bytes.size());
    copy.block_ = ::new (memory) Block{1, static_cast<std::uint32_t>(bytes.size())};
    std::memcpy(static_cast<std::byte*>(memory) + sizeof(Block), bytes.data(), bytes.size());
    return copy;
}

void SharedBytes::release() noexcept {
    if (block_ == nullptr) return;
    // Whoever is last has to see what the others did before they let go.
    if (block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        block_->~Block();
        ::operator delete(block_);
    }
    block_ = nullptr;
}

} // namespace kodama
