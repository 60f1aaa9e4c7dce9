// Bytes that many connections send and nobody changes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <kodama/base/export.hpp>

namespace kodama {

// A counted reference to immutable bytes: they are there for as long as anybody, a send queue too,
// refers to them. Making one allocates, so do it before the server starts or where an allocation
// does not matter; copying one costs an atomic increment, whatever the size, and each connection
// that it is sent on sends the very same memory.
//
// Threads: any; each object is one thread's at a time, as with std::shared_ptr. Lifetime: may
// outlive servers.
class KODAMA_EXPORT SharedBytes {
public:
    // The most that one can hold, in bytes.
    static constexpr std::size_t size_max = 256u << 20;

    SharedBytes() noexcept = default; // no bytes

    // A copy of the bytes, at most size_max (asserted). Throws std::bad_alloc.
    [[nodiscard]] static SharedBytes copy_of(std::span<std::byte const> bytes);
    // The same for text.
    [[nodiscard]] static SharedBytes copy_of(std::string_view text) {
        return copy_of(std::as_bytes(std::span(text)));
    }

    // Refers to the same bytes.
    SharedBytes(SharedBytes const& other) noexcept : block_(other.block_) { retain(); }
    // Leaves the other without bytes.
    SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    // Refers to the other's bytes from now on.
    SharedBytes& operator=(SharedBytes other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~SharedBytes() { release(); }

    // In bytes.
    [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
    // Whether there are none.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    // Valid as long as anybody refers to them.
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept { return {data(), size()}; }
    // The same as text.
    [[nodiscard]] std::string_view text() const noexcept {
        return {reinterpret_cast<char const*>(data()), size()};
    }

private:
    // In front of the bytes.
    struct Block {
        std::atomic<std::uint32_t> references;
        std::uint32_t size;
    };

    [[nodiscard]] std::byte const* data() const noexcept {
        return block_ == nullptr ? nullptr : reinterpret_cast<std::byte const*>(block_ + 1);
    }
    void retain() const noexcept {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    void release() noexcept;

    Block* block_ = nullptr;
};

} // namespace kodama
