// Bytes that betray every mistake and cost next to nothing to make and to check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kodama::bench {

// What connections send: one endless sequence of pseudo-random bytes, which each connection enters
// at a place of its own. It lies in memory once, so sending copies nothing, and checking is a
// memcmp. It repeats after `period` bytes, a prime a little above 1 MiB: no power of two, no
// segment and no buffer divides it, so whatever a server loses, doubles, swaps or takes from
// another connection is wrong where it stands.
class Payload {
public:
    // A place in the sequence, below `period`.
    using Position = std::uint32_t;

    static constexpr std::uint32_t period = 1'048'583;
    // From any position, so many bytes lie in one piece.
    static constexpr std::size_t contiguous = 1'048'576;

    explicit Payload(std::uint64_t seed);

    // Where the byte at `offset` of the connection's stream stands.
    [[nodiscard]] Position position(std::uint64_t connection,
                                    std::uint64_t offset = 0) const noexcept;

    [[nodiscard]] static Position advanced(Position position, std::uint64_t count) noexcept {
        std::uint64_t const moved = position + count;
        if (moved < period) return static_cast<Position>(moved);
        return static_cast<Position>(moved % period);
    }

    // `count` is at most `contiguous`.
    [[nodiscard]] std::span<std::byte const> at(Position position,
                                                std::size_t count) const noexcept;

    // The index of the first byte of `got` that is not what stands at `position`; of any length.
    [[nodiscard]] std::optional<std::size_t>
    first_difference(Position position, std::span<std::byte const> got) const noexcept;

private:
    std::uint64_t seed_;
    std::vector<std::byte> bytes_; // the period, then its first `contiguous` bytes again
};

} // namespace kodama::bench
