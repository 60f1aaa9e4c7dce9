// How much receive memory goes round.
#pragma once

#include <algorithm>
#include <cstdint>

namespace kodama {

// Decides how many of a worker's receive buffers are out at a time, with the kernel or in a silent
// send. Buffers are large, so that a large message comes in few pieces, and many, so that of a
// burst of small messages each finds one. But the kernel takes them in turn, and all of them are
// more than a cache holds, and their first pages more than a processor remembers the addresses of.
// So the fuller they come back, and the fewer in a turn, the fewer go round.
class Circulation {
public:
    // Measured (bench/TUNING.md): at 2 MiB, messages of 1 MiB cost a third less than at 16 MiB.
    static constexpr std::uint32_t usual_warm_bytes = 2u << 20;
    // Measured (bench/TUNING.md): to fill one of 128 in turn takes a lone connection's receive
    // three times as long as one of 16, and fewer than that save no more.
    static constexpr std::uint32_t usual_few = 16;

    // `warm_bytes`: received bytes that are to go round at most, where that is possible.
    // `few`: as many buffers may always go round, if they are not too full for that.
    Circulation(std::uint32_t count, std::uint32_t warm_bytes, std::uint32_t few) noexcept
        : count_(count), warm_bytes_(warm_bytes), few_(few), limit_(std::min(few, count)) {}

    // A buffer came back with `size` bytes in it.
    void received(std::uint32_t size) noexcept {
        recent_bytes_ += size;
        recent_bytes_ -= recent_bytes_ / recent;
        ++this_turn_;
    }

    // All that came back in this turn has.
    void turned() noexcept {
        busiest_ = std::max(this_turn_ * scale, busiest_ - busiest_ / scale);
        this_turn_ = 0;
        limit_ = std::min(affordable(), std::max(few_, busiest_ / scale * spare));
    }

    // How many buffers are to go round now: 1 to `count`.
    [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }

    // How many there would be if all came back in each turn.
    [[nodiscard]] std::uint32_t affordable() const noexcept {
        std::uint64_t const mean = recent_bytes_ / recent;
        if (mean * count_ <= warm_bytes_) return count_;
        auto const fitting = static_cast<std::uint32_t>(warm_bytes_ / mean);
        return std::clamp(fitting, std::min(fewest, count_), count_);
    }

private:
    static constexpr std::uint64_t recent = 16; // the mean is over about so many receives

    // Below this, connections spend more on waiting for a buffer than warm memory saves.
    static constexpr std::uint32_t fewest = 8;

    // A burst is rarely larger than so many of the busiest turn lately; and if it is, those that
    // find no buffer wait for a turn.
    static constexpr std::uint32_t spare = 8;
    // The busiest turn counts in parts of one, and is forgotten in about as many turns.
    static constexpr std::uint32_t scale = 64;

    std::uint32_t count_;
    std::uint32_t warm_bytes_;
    std::uint32_t few_;
    std::uint64_t recent_bytes_ = 0;
    std::uint32_t this_turn_ = 0;
    std::uint32_t busiest_ = 0;
    std::uint32_t limit_;
};

} // namespace kodama
