#include <kodama/core/batching.hpp>

#include <algorithm>

namespace kodama {

namespace {

// Of 100. The gap between them keeps a load that is near one of them from going to and fro.
constexpr int busy_alone = 85;
constexpr int busy_together = 75;

constexpr std::uint32_t quarter_of(std::uint32_t count) noexcept { return (count + 3) / 4; }

} // namespace

void Batching::look(TimePoint now, Duration cpu_time, std::uint32_t buffers) noexcept {
    auto const heard = static_cast<std::uint32_t>(heard_.count());
    std::uint32_t const limit = std::clamp(std::min(heard, buffers) / 2, 1u, most);
    if (crowded(now - begin_, cpu_time - cpu_time_before_)) {
        adapt(limit);
    } else {
        target_ = 1;
    }
    if (wanted_ > 1) ++windows_together_;
    wanted_ = target_;
    if (windows_together_ >= windows_between_trials) {
        windows_together_ = 0;
        wanted_ = 1;
    }
    begin_ = now;
    cpu_time_before_ = cpu_time;
    completions_ = turns_ = vain_turns_ = 0;
    heard_.reset();
}

// Whether this window's work, done alone, would leave the core no time.
bool Batching::crowded(Duration passed, Duration worked) noexcept {
    if (passed <= Duration::zero()) return false;
    bool const together = wanted_ > 1;
    if (!together && completions_ > 0) alone_ = worked / completions_;
    // Work that has become dearer since it was last done alone would be so alone, too.
    Duration const demand = together ? std::max(alone_ * completions_, worked) : worked;
    return demand * 100 >= passed * (together ? busy_together : busy_alone);
}

void Batching::adapt(std::uint32_t limit) noexcept {
    if (vain_turns_ * 8 <= turns_) {
        target_ += quarter_of(target_);
    } else if (vain_turns_ * 4 > turns_) {
        target_ -= target_ > 1 ? quarter_of(target_) : 0;
    }
    target_ = std::clamp(target_, 1u, limit);
}

} // namespace kodama
