// Timers that run for as long as each was told to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kodama/base/ids.hpp>
#include <kodama/core/deadline.hpp>

namespace kodama {

// At most one timer for each place of a connection table. A binary heap in arrays that are
// allocated once: starting and stopping are O(log n), the nearest deadline is read. It lies beside
// the connections and not inside them, so that servers whose sessions use no timers pay nothing.
class TimerHeap {
public:
    // Timers for the places [0, places).
    explicit TimerHeap(std::uint32_t places);

    // A timer that runs already is replaced.
    void start(Slot slot, TimePoint deadline) noexcept;
    void stop(Slot slot) noexcept; // or nothing, when it does not run
    [[nodiscard]] bool running(Slot slot) const noexcept;

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    // The nearest one, or `never`.
    [[nodiscard]] TimePoint next_deadline() const noexcept {
        return size_ == 0 ? never : heap_.front().deadline;
    }
    // Stops the first timer that is due at `now` and tells whose it was. Of those with the same
    // deadline, the first that was started.
    [[nodiscard]] std::optional<Slot> take_due(TimePoint now) noexcept;

private:
    struct Timer {
        TimePoint deadline{};
        Slot slot{};
        std::uint32_t number = 0; // of its start; wraps around
    };
    static constexpr std::uint32_t nowhere = slots_max;

    [[nodiscard]] static bool before(Timer const& a, Timer const& b) noexcept;
    void put(std::uint32_t index, Timer const& timer) noexcept;
    void settle(std::uint32_t index, Timer const& timer) noexcept;

    std::uint32_t size_ = 0;
    std::uint32_t started_ = 0;
    std::vector<Timer> heap_;              // the parent of i is (i - 1) / 2
    std::vector<std::uint32_t> positions_; // in the heap, by slot
};

} // namespace kodama
