#include <kodama/core/busy_polling.hpp>

#include <algorithm>
#include <utility>

namespace kodama {

void BusyPolling::judge(Usage const& usage) noexcept {
    Usage const before = std::exchange(before_, usage).value_or(usage);
    auto const spent = static_cast<double>((usage.cpu_time - before.cpu_time).count());
    auto const bytes = static_cast<double>(usage.bytes - before.bytes);
    bool const others_wait = usage.preemptions - before.preemptions > preemptions_max;
    auto const completions = static_cast<double>(std::exchange(completions_, 0));
    window_ = window;
    // Without bytes there is nothing to compare. In the first window the thread was set up, too.
    if (bytes == 0) return forget();
    Cost const cost{.completion = spent / completions, .byte = spent / bytes};
    if (tried_ > 0) return go_on_trying(cost, others_wait);
    if (looks_ && others_wait) {
        pause_ = std::min(2 * pause_, pause_max);
        return forget();
    }
    if (!usual_) usual_ = cost;
    usual_->completion += (cost.completion - usual_->completion) / 4;
    usual_->byte += (cost.byte - usual_->byte) / 4;
    if (++paused_ >= pause_) begin_trial();
}

void BusyPolling::forget() noexcept {
    looks_ = false;
    usual_.reset();
    paused_ = 0;
    tried_ = 0;
}

// Of what is tried to what is usual.
double BusyPolling::relative(Cost const& cost) const noexcept {
    double const of_completion = cost.completion / usual_->completion;
    double const of_byte = cost.byte / usual_->byte;
    return looks_ ? std::max(of_completion, of_byte) : std::min(of_completion, of_byte);
}

void BusyPolling::begin_trial() noexcept {
    looks_ = !looks_;
    tried_ = 1;
    tried_cost_ = {};
    window_ = first_window;
}

void BusyPolling::go_on_trying(Cost const& cost, bool others_wait) noexcept {
    // Windows differ by 15 %, so what seems dearer by less may be cheaper; and to go to and fro
    // costs more than to do what is only a little dearer.
    constexpr double no_dearer = 1.03;
    constexpr double clearly_cheaper = 0.92;
    double const clearly_dearer = tried_ == 1 ? 1.5 : 1.1; // a short window tells little
    if (relative(cost) > clearly_dearer || (looks_ && others_wait)) return end_trial(false);
    if (tried_ > 1) {
        tried_cost_.completion += cost.completion / (trial_windows - 1);
        tried_cost_.byte += cost.byte / (trial_windows - 1);
    }
    if (tried_ == trial_windows) {
        return end_trial(relative(tried_cost_) <= (looks_ ? no_dearer : clearly_cheaper));
    }
    ++tried_;
}

void BusyPolling::end_trial(bool passed) noexcept {
    tried_ = 0;
    paused_ = 0;
    if (passed) {
        usual_ = tried_cost_;
        pause_ = std::max(pause_ / 2, pause_min);
    } else {
        looks_ = !looks_;
        pause_ = std::min(2 * pause_, pause_max);
    }
}

} // namespace kodama
