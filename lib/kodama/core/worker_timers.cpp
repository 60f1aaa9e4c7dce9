// Deadlines: the nearest one is how long the worker sleeps, so that nothing wakes it but what is
// due.
#include <kodama/core/worker.hpp>

#include <algorithm>
#include <optional>

#include <kodama/base/assert.hpp>

namespace kodama {

void Worker::start_timer(Connection& connection, Timer timer) noexcept {
    KODAMA_ASSERT(timer != Timer::none);
    stop_timer(connection);
    Duration const length = timer == Timer::idle ? limits_.idle_timeout : limits_.linger_timeout;
    connection.deadline_ = ring_.now() + length;
    connection.timer_ = timer;
    timed_[static_cast<std::size_t>(timer)].push_back(connection);
}

void Worker::stop_timer(Connection& connection) noexcept {
    if (connection.timer_ == Timer::none) return;
    timed_[static_cast<std::size_t>(connection.timer_)].remove(connection);
    connection.timer_ = Timer::none;
}

void Worker::start_session_timer(Connection& connection, Duration delay) noexcept {
    // A session that keeps its connection for longer than its own life could still call this.
    if (hooks_.on_timer == nullptr || !connection.has_session_) return;
    TimePoint const now = ring_.now();
    Duration const length = std::clamp(delay, Duration::zero(), never - now);
    session_timers_.start(connection.slot_, now + length);
}

void Worker::stop_session_timer(Connection& connection) noexcept {
    if (hooks_.on_timer != nullptr) session_timers_.stop(connection.slot_);
}

// Each at most once, so that a session which starts its timer again and again with a delay of 0
// cannot hold up the worker.
void Worker::expire_session_timers(TimePoint now) noexcept {
    for (std::uint32_t left = session_timers_.size(); left > 0; --left) {
        std::optional<Slot> const slot = session_timers_.take_due(now);
        if (!slot) return;
        Connection* const connection = table_.at(*slot);
        KODAMA_ASSERT(connection != nullptr);
        KODAMA_ASSERT(connection->has_session_);
        if (connection->state_.broken()) continue;
        touch(*connection);
        if (!hooks_.on_timer(table_.session_of(*connection), *connection)) {
            connection->state_.abort(CloseReason::session_failed);
        }
    }
}

void Worker::restart_idle_timer(Connection& connection) noexcept {
    if (limits_.idle_timeout == Duration::zero() || connection.timer_ == Timer::linger) return;
    start_timer(connection, Timer::idle);
}

TimePoint Worker::next_deadline() const noexcept {
    TimePoint deadline = std::min(drain_deadline_, session_timers_.next_deadline());
    for (Timed const& list : timed_) {
        if (!list.empty()) deadline = std::min(deadline, list.front()->deadline_);
    }
    for (Listener const& listener : listeners_) {
        deadline = std::min(deadline, listener.paused_until());
    }
    return deadline;
}

// `due`: the nearest deadline before this turn. One that was set during it is for the next.
void Worker::expire(TimePoint due) noexcept {
    if (due == never) return; // then the clock need not be read
    TimePoint const now = ring_.now();
    expire_session_timers(now);
    for (Timed& list : timed_) {
        while (!list.empty() && list.front()->deadline_ <= now)
            expire(*list.front());
    }
    for (Listener& listener : listeners_) {
        if (listener.paused_until() <= now) listener.resume();
    }
    if (drain_deadline_ <= now) abort_all();
}

void Worker::expire(Connection& connection) noexcept {
    ConnectionState& state = connection.state_;
    Timer const timer = connection.timer_;
    stop_timer(connection);
    touch(connection);
    if (timer == Timer::linger) {
        if (state.lingers()) state.linger_over();
    } else if (state.may_send()) {
        state.close(CloseReason::idle_timeout);
        start_timer(connection, Timer::idle); // for a peer that does not take what it still gets
    } else {
        state.abort(CloseReason::idle_timeout);
    }
}

} // namespace kodama
