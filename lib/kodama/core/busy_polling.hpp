// Whether a worker with nothing to do looks for something, or sleeps.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <kodama/core/deadline.hpp>

namespace kodama {

// Who looks sees the next message sooner than who has to be woken, and uses the core until then.
// Which of the two takes less CPU time depends on the machine (waking a thread may cost 10 us, or
// much less) and on when the next message comes. Only trying tells, so whichever is not done is
// tried, now and then and briefly, and kept where it is cheaper; looking also where it costs the
// same, for it answers sooner.
//
//              a trial of looking was no dearer
//   sleeping ------------------------------------> looking
//            <------------------------------------
//              a trial of sleeping was clearly cheaper, or others want the core
//
// Who sleeps may wait for several completions at once (Batching); who looks takes what there is. So
// where a core hardly keeps up, it is the two that are compared.
//
// A trial is four windows, of which the first is short and counts only against it. The first that
// is clearly dearer ends it. The next trial comes after a pause, which is twice as long after each
// failure and half as long after each success.
//
// What is compared is the CPU time for a completion and for a byte: who looks may receive the same
// bytes in more pieces, each of which costs less, and messages need not be equally long. Looking
// must be dearer by neither; sleeping need be cheaper by one only.
class BusyPolling {
public:
    // To look for longer than it takes to sleep and to be woken cannot pay; but 20 us miss a peer
    // that is slow for a while (bench/TUNING.md).
    static constexpr Duration usual_duration = std::chrono::microseconds(30);

    // Completions that are looked at as one.
    static constexpr std::uint32_t window = 128;
    static constexpr std::uint32_t first_window = 32; // of a trial
    static constexpr std::uint32_t trial_windows = 4;
    static constexpr std::uint32_t pause_min = 4; // windows from one trial to the next
    static constexpr std::uint32_t pause_max = 256;
    // In a window; where a thread has a core to itself, there is one in ten windows.
    static constexpr std::uint64_t preemptions_max = 4;

    // `duration`: how long to look, always (0: never); none: the usual, where it is no dearer.
    explicit BusyPolling(std::optional<Duration> duration) noexcept
        : duration_(duration.value_or(usual_duration)),
          looks_(duration.has_value()),
          window_(duration ? never_over : window) {}

    // How long to look before sleeping; 0: not at all.
    [[nodiscard]] Duration duration() const noexcept { return looks_ ? duration_ : Duration(0); }
    [[nodiscard]] bool looks() const noexcept { return looks_ && duration_ > Duration::zero(); }

    // A turn is over that has brought so many completions. Whether a window is over, and judge() to
    // be called.
    [[nodiscard]] bool turned(std::uint32_t completions) noexcept {
        completions_ += completions;
        return completions_ >= window_;
    }

    // Of the thread since it began.
    struct Usage {
        Duration cpu_time{};
        std::uint64_t bytes = 0; // received and sent
        std::uint64_t preemptions = 0;
    };
    // The end of a window, and the begin of the next.
    void judge(Usage const& usage) noexcept;

private:
    static constexpr std::uint64_t never_over = ~std::uint64_t{0};

    // Nanoseconds of CPU time.
    struct Cost {
        double completion = 0;
        double byte = 0;
    };

    [[nodiscard]] double relative(Cost const& cost) const noexcept;
    void begin_trial() noexcept;
    void go_on_trying(Cost const& cost, bool others_wait) noexcept;
    void end_trial(bool passed) noexcept;
    void forget() noexcept;

    Duration duration_;
    bool looks_;

    std::optional<Cost> usual_; // of what is not a trial, if known
    std::uint32_t pause_ = pause_min;
    std::uint32_t paused_ = 0; // windows since the last trial

    // Of a trial:
    std::uint32_t tried_ = 0; // windows of it, the present one included; 0: there is none
    Cost tried_cost_;         // of those that count

    // Of this window:
    std::uint64_t window_; // completions until it is over
    std::uint64_t completions_ = 0;
    std::optional<Usage> before_;
};

} // namespace kodama
