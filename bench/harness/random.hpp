// Numbers that are the same on every platform, from a seed.
#pragma once

#include <cstdint>

namespace kodama::bench {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes well.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

inline constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15u;

class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(mixed(seed + golden_gamma)) {}

    constexpr std::uint64_t next() noexcept { return mixed(state_ += golden_gamma); }

    // From 0 to `bound - 1`; the modulo's bias is far below what a measurement can show.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

    // From 0 (exclusive) to 1 (inclusive), so that it has a logarithm.
    constexpr double fraction() noexcept {
        constexpr double steps = 9007199254740992.0; // 2^53: every step is a double of its own
        return (static_cast<double>(next() >> 11) + 1.0) / steps;
    }

private:
    std::uint64_t state_;
};

} // namespace kodama::bench
