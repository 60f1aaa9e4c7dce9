// Bytes that betray every mistake: each is a pseudo-random function of the connection and of its
// offset, so a lost, doubled, reordered or foreign byte is wrong where it stands.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace kodama::testing {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes well.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

inline constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15u;

// A small generator with the same numbers on every platform.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(mixed(seed + golden_gamma)) {}

    constexpr std::uint64_t next() noexcept { return mixed(state_ += golden_gamma); }

    // From 0 to `bound - 1`; the modulo's bias does not matter to a test.
    constexpr std::size_t below(std::size_t bound) noexcept {
        return static_cast<std::size_t>(next() % bound);
    }

private:
    std::uint64_t state_;
};

// What one connection sends: an endless sequence of bytes that can be made and checked anywhere.
class Payload {
public:
    constexpr Payload(std::uint64_t seed, std::uint64_t connection) noexcept
        : key_(mixed(mixed(seed) + connection * golden_gamma)), connection_(connection) {}

    void fill(std::span<std::byte> bytes, std::uint64_t offset) const noexcept {
        for_each_word(bytes.size(), offset,
                      [&](std::size_t at, std::byte const* word, std::size_t count) {
                          std::memcpy(bytes.data() + at, word, count);
                          return true;
                      });
    }

    [[nodiscard]] std::vector<std::byte> bytes(std::size_t size, std::uint64_t offset = 0) const {
        std::vector<std::byte> result(size);
        fill(result, offset);
        return result;
    }

    // The offset of the first byte that is not what the connection sent.
    [[nodiscard]] std::optional<std::uint64_t>
    first_difference(std::span<std::byte const> bytes, std::uint64_t offset) const noexcept {
        std::optional<std::uint64_t> result;
        for_each_word(
            bytes.size(), offset, [&](std::size_t at, std::byte const* word, std::size_t count) {
                std::byte const* const got = bytes.data() + at;
                if (std::memcmp(got, word, count) == 0) return true;
                std::byte const* const wrong = std::mismatch(got, got + count, word).first;
                result = offset + at + static_cast<std::size_t>(wrong - got);
                return false;
            });
        return result;
    }

    // Throws with the connection and the offset of the first wrong byte.
    void check(std::span<std::byte const> bytes, std::uint64_t offset) const {
        auto const wrong = first_difference(bytes, offset);
        if (!wrong) return;
        throw std::runtime_error("connection " + std::to_string(connection_) +
                                 ": first wrong byte at offset " + std::to_string(*wrong));
    }

private:
    template <class Visit>
    void for_each_word(std::size_t size, std::uint64_t offset, Visit&& visit) const noexcept {
        std::size_t at = 0;
        while (at < size) {
            std::uint64_t const position = offset + at;
            std::uint64_t const word = mixed(key_ + (position / 8) * golden_gamma);
            std::array<std::byte, 8> text{};
            std::memcpy(text.data(), &word, text.size());
            std::size_t const skip = static_cast<std::size_t>(position % 8);
            std::size_t const count = std::min(text.size() - skip, size - at);
            if (!visit(at, text.data() + skip, count)) return;
            at += count;
        }
    }

    std::uint64_t key_;
    std::uint64_t connection_;
};

} // namespace kodama::testing
