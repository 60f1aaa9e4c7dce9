// How many completions a turn waits for.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>

#include <kodama/core/deadline.hpp>
#include <kodama/core/token.hpp>

namespace kodama {

// An echo is dearer in a small batch: each turn enters the kernel, goes to sleep and is woken, and
// fetches the same instructions again. A worker whose core hardly keeps up with its peers is woken
// for one or two messages all the same, because it works a little faster than they come. So it
// waits for more then, a little. Whoever has time to spare waits for nobody: a message is answered
// at once.
//
//            the core is busy for 85 % of a window
//   alone ------------------------------------------> together
//         <------------------------------------------
//            its work would keep it busy for less than 75 %, if done alone
//
// What work costs when it is done alone is known from when it last was; together, it is done alone
// for one window in 64 to find out. A batch grows by a quarter a window while it is waited for in
// vain at most once in eight turns, and shrinks by as much when it is more than once in four. It is
// never more than half of the connections that are heard of: when all wait for the server and it
// waits for all, nobody works.
//
// Two clocks are read, and only at the end of a window: the time, and what the thread has worked.
class Batching {
public:
    // Measured (bench/TUNING.md): twice as long shows no difference.
    static constexpr Duration usual_patience = std::chrono::microseconds(100);
    static constexpr std::uint32_t usual_window = 512;

    // `patience`: how long a turn waits for more than one completion; 0: never. `window`: so many
    // completions are looked at as one.
    Batching(Duration patience, std::uint32_t window) noexcept
        : patience_(patience), window_(window) {}

    // How many completions the next turn is to wait for: 1 to `most`.
    [[nodiscard]] std::uint32_t wanted() const noexcept { return wanted_; }
    [[nodiscard]] Duration patience() const noexcept { return patience_; }

    // A connection has sent something.
    void heard(Slot slot) noexcept { heard_.set(index_of(slot) % heard_.size()); }

    // A turn is over that waited for so many completions (0: not at all) and has brought so many.
    // Whether a window is over, and look() to be called.
    [[nodiscard]] bool turned(std::uint32_t waited_for, std::uint32_t completions) noexcept {
        completions_ += completions;
        ++turns_;
        if (completions < waited_for && waited_for > 1) ++vain_turns_;
        return (completions_ >= window_ || vain_turns_ >= vain_turns_max) &&
               patience_ > Duration::zero();
    }

    // The end of a window, and the begin of the next. `cpu_time` is what the thread has used since
    // it began, and `buffers` how many receive buffers may go round.
    void look(TimePoint now, Duration cpu_time, std::uint32_t buffers) noexcept;

    // A batch of 100 was dearer than one of 40 (bench/TUNING.md).
    static constexpr std::uint32_t most = 40;

private:
    // When load ends, nobody waits in vain for much longer than this.
    static constexpr std::uint32_t vain_turns_max = 16;
    static constexpr std::uint32_t windows_between_trials = 64;

    [[nodiscard]] bool crowded(Duration passed, Duration worked) noexcept;
    void adapt(std::uint32_t limit) noexcept;

    Duration patience_;
    std::uint32_t window_;

    std::uint32_t wanted_ = 1;
    std::uint32_t target_ = 1; // what is wanted but while it is tried alone
    std::uint32_t windows_together_ = 0;
    Duration alone_{}; // what a completion costs when nobody waits for others

    // Of this window:
    TimePoint begin_{};
    Duration cpu_time_before_{};
    std::uint32_t completions_ = 0;
    std::uint32_t turns_ = 0;
    std::uint32_t vain_turns_ = 0; // that waited for more than there was
    std::bitset<256> heard_;       // connections, by slot; those that share a bit count as one
};

} // namespace kodama
