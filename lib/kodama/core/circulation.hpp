// How much receive memory goes round.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kodama {

// Decides how many of a worker's receive buffers are out at a time, with the kernel or in a silent
// send. Buffers are large, so that a large message comes in few pieces, and many, so that of a
// burst of small messages each finds one. But the kernel takes them in turn, and all of them, full,
// are more than a cache holds. So the fuller they come back, the fewer go round.
class Circulation {
public:
    // Measured (bench/TUNING.md): at 2 MiB, messages of 1 MiB cost a third less than at 16 MiB.
    static constexpr std::uint32_t usual_warm_bytes = 2u << 20;

    // `warm_bytes`: received bytes that are to go round at most, where that is possible.
    Circulation(std::uint32_t count, std::uint32_t warm_bytes) noexcept
        : count_(count), warm_bytes_(warm_bytes) {}

    // A buffer came back with `size` bytes in it.
    void received(std::uint32_t size) noexcept {
        recent_bytes_ += size;
        recent_bytes_ -= recent_bytes_ / recent;
    }

    // How many buffers are to go round now: 1 to `count`.
    [[nodiscard]] std::uint32_t limit() const noexcept {
        std::uint64_t const mean = recent_bytes_ / recent;
        if (mean * count_ <= warm_bytes_) return count_;
        auto const fitting = static_cast<std::uint32_t>(warm_bytes_ / mean);
        return std::clamp(fitting, std::min(fewest, count_), count_);
    }

private:
    static constexpr std::uint64_t recent = 16; // the mean is over about so many receives

    // Below this, connections spend more on waiting for a buffer than warm memory saves.
    static constexpr std::uint32_t fewest = 8;

    std::uint32_t count_;
    std::uint32_t warm_bytes_;
    std::uint64_t recent_bytes_ = 0;
};

} // namespace kodama
