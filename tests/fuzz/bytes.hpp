// An input as a source of decisions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kodama::fuzz {

// Gives zeros after its end, so that every input means something.
class Bytes {
public:
    Bytes(std::uint8_t const* data, std::size_t size) noexcept : data_(data), size_(size) {}

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    std::uint8_t byte() noexcept {
        if (size_ == 0) return 0;
        --size_;
        return *data_++;
    }

    // Of `count` bytes, at most 8, the highest first.
    std::uint64_t number(unsigned count) noexcept {
        std::uint64_t value = 0;
        while (count-- > 0)
            value = value << 8 | byte();
        return value;
    }

    // Below `limit`, which is at most 65,536; takes no more bytes than that needs.
    std::uint32_t below(std::size_t limit) noexcept {
        std::uint64_t const value = limit <= 1 ? 0 : number(limit <= 256 ? 1 : 2);
        return static_cast<std::uint32_t>(limit == 0 ? 0 : value % limit);
    }

private:
    std::uint8_t const* data_;
    std::size_t size_;
};

} // namespace kodama::fuzz
