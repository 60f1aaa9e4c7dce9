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
    if (closing_ || closed_) return ListenerStep::none;
    bool const may_take_many = multishot && free_places > reserve;
    if (accepting_) {
        bool const too_many = many_ && !may_take_many;
        return (stopped_ || too_many) && !cancelling_ ? ListenerStep::cancel : ListenerStep::none;
    }
    if (stopped_) return cancelling_ ? ListenerStep::none : ListenerStep::close;
    if (paused() || free_places == 0) return ListenerStep::none;
    return may_take_many ? ListenerStep::accept_many : ListenerStep::accept_one;
}

void Listener::accept_submitted(bool many) noexcept {
    KODAMA_ASSERT(!accepting_);
    KODAMA_ASSERT(!stopped_);
    KODAMA_ASSERT(!paused());
    accepting_ = true;
    many_ = many;
}

void Listener::cancel_submitted() noexcept {
    KODAMA_ASSERT(accepting_);
    KODAMA_ASSERT(!cancelling_);
    cancelling_ = true;
}

void Listener::close_submitted() noexcept {
    KODAMA_ASSERT(stopped_);
    KODAMA_ASSERT(!accepting_);
    KODAMA_ASSERT(!cancelling_);
    closing_ = true;
}

void Listener::accepted() noexcept { pause_length_ = {}; }

void Listener::accept_ended() noexcept {
    KODAMA_ASSERT(accepting_);
    accepting_ = false;
}

void Listener::cancel_ended() noexcept {
    KODAMA_ASSERT(cancelling_);
    cancelling_ = false;
}

void Listener::close_ended() noexcept {
    KODAMA_ASSERT(closing_);
    closing_ = false;
    closed_ = true;
}

bool Listener::pause(TimePoint now) noexcept {
    KODAMA_ASSERT(!accepting_);
    if (paused()) return false;
    pause_length_ = std::clamp(pause_length_ * 2, pause_min, pause_max);
    paused_until_ = now + pause_length_;
    return true;
}

void Listener::resume() noexcept { paused_until_ = never; }

void Listener::stop() noexcept {
    stopped_ = true;
    resume();
}

} // namespace kodama
