// Accepting: what listeners want next, and what to do when there is no room.
#include <kodama/core/worker.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>
#include <kodama/core/outcome.hpp>

namespace kodama {

void Worker::tell(Event event) const noexcept {
    if (on_event_) on_event_(event);
}

void Worker::on_accept(Token token, Completion const& completion) noexcept {
    Listener& listener = listeners_[index_of(token.slot())];
    if (completion.result >= 0) listener.accepted();
    if (!completion.more()) listener.accept_ended();
    if (completion.result < 0) return accept_failed(listener, completion.result);
    if (accept_failed_) {
        accept_failed_ = false;
        tell(Event::accept_resumed);
    }
    open(completion.result);
}

void Worker::accept_failed(Listener& listener, std::int32_t result) noexcept {
    Outcome const outcome = outcome_of(Operation::accept, result);
    if (outcome == Outcome::cancelled) return listener.accept_cancelled();
    if (outcome == Outcome::unusable) {
        if (listener.open()) tell(Event::listener_lost);
        return listener.stop();
    }
    bool const descriptors = outcome == Outcome::no_descriptors;
    // Anything else was about one peer that has gone already: the next turn accepts again.
    if (!descriptors && outcome != Outcome::no_memory) return;
    if (!listener.pause(ring_.now())) return;
    counters_.add(descriptors ? Counter::accept_pauses_descriptors : Counter::accept_pauses_memory);
    if (accept_failed_) return; // one word for a row of failures
    accept_failed_ = true;
    tell(descriptors ? Event::accept_paused_descriptors : Event::accept_paused_memory);
}

void Worker::watch_table() noexcept {
    bool const full = free_places() == 0;
    if (full == table_full_ || draining_) return;
    table_full_ = full;
    if (full) counters_.add(Counter::accept_pauses_table);
    tell(full ? Event::accept_paused_table : Event::accept_resumed);
}

std::uint32_t Worker::free_places() const noexcept {
    return limits_.max_connections - std::min(limits_.max_connections, table_.used_accepted());
}

void Worker::pump(Listener& listener, std::size_t index) noexcept {
    auto const slot = Slot{static_cast<std::uint32_t>(index)};
    auto const token = [slot](Operation operation) { return Token(operation, slot, Generation{}); };
    // Linux queues one more than the backlog. So many may come at once, as many again while it
    // takes these, and a third time when the cancellation does not find the accept.
    auto const reserve = static_cast<std::uint32_t>(3 * (limits_.backlog + 1) * listeners_.size());
    bool const multishot = features_.has(Feature::multishot_accept);
    for (;;) {
        ListenerStep const step = listener.next_step(free_places(), reserve, multishot);
        switch (step) {
        case ListenerStep::none:
            return;
        case ListenerStep::accept_many:
        case ListenerStep::accept_one: {
            bool const many = step == ListenerStep::accept_many;
            many ? requests_.accept_many(listener.descriptor(), token(Operation::accept))
                 : requests_.accept_one(listener.descriptor(), token(Operation::accept));
            listener.accept_submitted(many);
            counters_.add(Counter::accepts_armed);
            break;
        }
        case ListenerStep::cancel:
            requests_.cancel(token(Operation::accept), token(Operation::cancel_accept));
            listener.cancel_submitted();
            counters_.add(Counter::cancels);
            break;
        case ListenerStep::close:
            requests_.close_listener(listener.descriptor(), token(Operation::close_listener));
            listener.close_submitted();
            break;
        }
    }
}

} // namespace kodama
