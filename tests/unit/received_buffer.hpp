// Buffers as the kernel hands them over.
#pragma once

#include <cstring>
#include <string_view>

#include <kodama/base/memory_poison.hpp>
#include <kodama/core/buffer_pool.hpp>
#include <support/catch.hpp>

namespace kodama::testing {

// Writes into a block that the kernel holds, without asking AddressSanitizer, as the kernel does.
inline Buffer received_buffer(BufferPool& pool, std::string_view text) {
    BufferBlock* const block = pool.take_for_kernel();
    REQUIRE(block != nullptr);
    REQUIRE(text.size() <= pool.block_size());
    if (!text.empty()) {
        unpoison(block->memory, text.size());
        std::memcpy(block->memory, text.data(), text.size());
        poison(block->memory, text.size());
    }
    return pool.received(pool.id_of(*block), static_cast<std::uint32_t>(text.size()));
}

} // namespace kodama::testing
