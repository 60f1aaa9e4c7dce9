#include <kodama/core/listener.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>

namespace kodama {

namespace {

constexpr Duration pause_min = std::chrono::milliseconds(10);
constexpr Duration pause_max = std::chrono::milliseconds(500);

} // namespace

ListenerStep Listener::next_step(std::uint32_t free_places, std::uint32_t reserve,
                                 bool multishot) const noexcept {
    if (phase_ == Phase::closing || closed()) return ListenerStep::none;
    bool const may_take_many = multishot && free_places > reserve;
    if (accepting_) {
        bool const unwanted = !open() || (many_ && !may_take_many);
        bool const possible = !cancelling_ && !runs_out_;
        return unwanted && possible ? ListenerStep::cancel : ListenerStep::none;
    }
    if (phase_ == Phase::stopped) return cancelling_ ? ListenerStep::none : ListenerStep::close;
    if (cancelling_ || paused() || free_places == 0) return ListenerStep::none;
    return may_take_many ? ListenerStep::accept_many : ListenerStep::accept_one;
}

void Listener::accept_submitted(bool many) noexcept {
    KODAMA_ASSERT(!accepting_);
    KODAMA_ASSERT(open() || phase_ == Phase::emptying);
    KODAMA_ASSERT(!paused());
    accepting_ = true;
    many_ = many;
    for_the_rest_ = phase_ == Phase::emptying;
}

void Listener::cancel_submitted() noexcept {
    KODAMA_ASSERT(accepting_);
    KODAMA_ASSERT(!cancelling_);
    cancelling_ = true;
}

void Listener::close_submitted() noexcept {
    KODAMA_ASSERT(phase_ == Phase::stopped);
    KODAMA_ASSERT(!accepting_);
    KODAMA_ASSERT(!cancelling_);
    phase_ = Phase::closing;
}

void Listener::accepted() noexcept {
    pause_length_ = {};
    runs_out_ = false;
}

void Listener::accept_ended() noexcept {
    KODAMA_ASSERT(accepting_);
    accepting_ = false;
    runs_out_ = false;
}

void Listener::accept_cancelled() noexcept {
    KODAMA_ASSERT(!accepting_);
    if (phase_ == Phase::emptying && for_the_rest_) phase_ = Phase::stopped;
}

void Listener::cancel_ended(bool running) noexcept {
    KODAMA_ASSERT(cancelling_);
    cancelling_ = false;
    runs_out_ = running && accepting_;
}

void Listener::close_ended() noexcept {
    KODAMA_ASSERT(phase_ == Phase::closing);
    phase_ = Phase::closed;
}

bool Listener::pause(TimePoint now) noexcept {
    KODAMA_ASSERT(!accepting_);
    if (paused() || !(open() || phase_ == Phase::emptying)) return false;
    pause_length_ = std::clamp(pause_length_ * 2, pause_min, pause_max);
    paused_until_ = now + pause_length_;
    return true;
}

void Listener::resume() noexcept { paused_until_ = never; }

void Listener::drain() noexcept {
    if (!open()) return;
    phase_ = Phase::emptying;
    resume();
}

void Listener::stop() noexcept {
    if (phase_ == Phase::closing || closed()) return;
    phase_ = Phase::stopped;
    resume();
}

} // namespace kodama
