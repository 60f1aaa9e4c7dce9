#include <kodama/core/worker.hpp>

#include <algorithm>

#include <kodama/base/assert.hpp>
#include <kodama/base/error.hpp>
#include <kodama/core/outcome.hpp>

namespace kodama {

namespace {

constexpr std::uint16_t receive_group = 0;

// Unsent bytes that are copied lie in blocks of this size, whatever the size of receive buffers.
constexpr std::uint32_t copy_block_size = 4096;

ConnectionTable::Chooser chooser(FeatureSet features) noexcept {
    return features.has(Feature::direct_descriptors) ? ConnectionTable::Chooser::kernel
                                                     : ConnectionTable::Chooser::table;
}

} // namespace

Worker::Worker(Ring& ring, FeatureSet features, WorkerLimits const& limits,
               SessionHooks const& hooks, std::vector<int> const& listening_sockets,
               LiveCounters& counters)
    : ring_(ring),
      features_(features),
      limits_(limits),
      hooks_(hooks),
      counters_(counters),
      received_(limits.buffer_count, limits.buffer_size),
      copies_(static_cast<std::uint32_t>(limits.pending_total / copy_block_size), copy_block_size),
      buffer_ring_(ring, limits.buffer_count, receive_group),
      requests_(ring, features),
      table_(limits.max_connections, chooser(features), hooks) {
    if (features_.has(Feature::direct_descriptors)) {
        ring_.require_direct_descriptors(limits.max_connections);
    }
    for (int const socket : listening_sockets)
        listeners_.emplace_back(socket);
}

Worker::~Worker() { KODAMA_ASSERT(table_.used() == 0); }

void Worker::start() noexcept {
    requests_.wait_for_wake(Token(Operation::wake, Slot{}, Generation{}));
    settle();
    ring_.submit();
    requests_.entered();
}

void Worker::turn() noexcept {
    ring_.enter(1, next_deadline());
    requests_.entered();
    unsigned const count =
        ring_.visit([this](Completion const& completion) noexcept { dispatch(completion); });
    counters_.add(Counter::turns);
    counters_.add(Counter::completions, count);
    expire();
    settle();
}

bool Worker::finished() const noexcept {
    bool const all_closed = std::all_of(listeners_.begin(), listeners_.end(),
                                        [](Listener const& listener) { return listener.closed(); });
    return draining_ && all_closed && table_.used() == 0;
}

void Worker::request(Command command, TimePoint deadline) noexcept {
    commanded_deadline_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
    Command current = command_.load(std::memory_order_relaxed);
    while (current < command &&
           !command_.compare_exchange_weak(current, command, std::memory_order_release)) {
    }
    ring_.wake();
}

void Worker::dispatch(Completion const& completion) noexcept {
    Token const token = Token::from_user_data(completion.user_data);
    using State = ConnectionState;
    switch (token.operation()) {
    case Operation::accept:
        return on_accept(token, completion);
    case Operation::cancel_accept:
        return listeners_[index_of(token.slot())].cancel_ended();
    case Operation::close_listener:
        return listeners_[index_of(token.slot())].close_ended();
    case Operation::receive:
        return on_receive(token, completion);
    case Operation::cancel_receive:
        return on_ended(token, &State::cancel_receive_ended);
    case Operation::send:
        return on_send(token, completion);
    case Operation::cancel_send:
        return on_ended(token, &State::cancel_send_ended);
    case Operation::shut_down:
        return on_ended(token, &State::shut_down_ended);
    case Operation::reset:
        return on_ended(token, &State::reset_ended);
    case Operation::close:
        return on_close(token);
    case Operation::refuse:
        return;
    case Operation::wake:
        return on_wake();
    }
    KODAMA_ASSERT(false); // a token that nobody made
}

void Worker::on_wake() noexcept {
    requests_.wait_for_wake(Token(Operation::wake, Slot{}, Generation{}));
    obey();
}

void Worker::obey() noexcept {
    Command const command = command_.load(std::memory_order_acquire);
    if (command >= Command::drain && !draining_) {
        draining_ = true;
        drain_deadline_ =
            TimePoint(TimePoint::duration(commanded_deadline_.load(std::memory_order_relaxed)));
        for (Listener& listener : listeners_)
            listener.stop();
        for (std::uint32_t i = 0; i < table_.size(); ++i) {
            if (Connection* const connection = table_.at(Slot{i})) {
                connection->state_.drain();
                touch(*connection);
            }
        }
    }
    if (command == Command::stop) abort_all();
}

void Worker::abort_all() noexcept {
    stopping_ = true;
    drain_deadline_ = never;
    for (std::uint32_t i = 0; i < table_.size(); ++i) {
        if (Connection* const connection = table_.at(Slot{i})) {
            connection->state_.abort(CloseReason::stopped);
            touch(*connection);
        }
    }
}

TimePoint Worker::next_deadline() const noexcept {
    TimePoint deadline = drain_deadline_;
    if (!lingering_.empty()) deadline = std::min(deadline, lingering_.front()->linger_until_);
    for (Listener const& listener : listeners_) {
        deadline = std::min(deadline, listener.paused_until());
    }
    return deadline;
}

void Worker::expire() noexcept {
    if (next_deadline() == never) return; // then the clock need not be read
    TimePoint const now = ring_.now();
    while (!lingering_.empty() && lingering_.front()->linger_until_ <= now) {
        Connection& connection = *lingering_.pop_front();
        connection.state_.linger_over();
        touch(connection);
    }
    for (Listener& listener : listeners_) {
        if (listener.paused_until() <= now) listener.resume();
    }
    if (drain_deadline_ <= now) abort_all();
}

void Worker::settle() noexcept {
    do {
        pump_touched();
        relieve_memory();
    } while (!touched_.empty());
    for (std::size_t i = 0; i < listeners_.size(); ++i)
        pump(listeners_[i], i);
    publish();
    unpark_some();
    pump_touched();
    counters_.set(Counter::connections_open, table_.used());
    counters_.set(Counter::buffers_out, received_.leased_count());
}

void Worker::publish() noexcept {
    while (BufferBlock* const block = received_.take_for_kernel()) {
        buffer_ring_.add(received_.id_of(*block), block->memory, received_.block_size());
    }
    buffer_ring_.publish();
}

// --- listeners

void Worker::on_accept(Token token, Completion const& completion) noexcept {
    Listener& listener = listeners_[index_of(token.slot())];
    if (!completion.more()) listener.accept_ended();
    Outcome const outcome = outcome_of(Operation::accept, completion.result);
    if (outcome == Outcome::done) {
        listener.accepted();
        open(completion.result);
    } else if (outcome == Outcome::exhausted) {
        if (listener.pause(ring_.now())) counters_.add(Counter::accept_pauses);
    } else if (outcome == Outcome::unusable) {
        listener.stop();
    }
    // Otherwise there is nothing to do about it: the next turn accepts again, or does not want to.
}

std::uint32_t Worker::places_for_accept() const noexcept {
    auto const reserved =
        std::count_if(listeners_.begin(), listeners_.end(),
                      [](Listener const& listener) { return listener.place_reserved(); });
    std::uint32_t const free = table_.free_places();
    return free - std::min(free, static_cast<std::uint32_t>(reserved));
}

void Worker::pump(Listener& listener, std::size_t index) noexcept {
    auto const slot = Slot{static_cast<std::uint32_t>(index)};
    auto const token = [slot](Operation operation) { return Token(operation, slot, Generation{}); };
    auto const reserve = static_cast<std::uint32_t>(limits_.backlog * listeners_.size());
    bool const multishot = features_.has(Feature::multishot_accept);
    switch (listener.next_step(places_for_accept(), reserve, multishot)) {
    case ListenerStep::none:
        return;
    case ListenerStep::accept_many:
        requests_.accept_many(listener.descriptor(), token(Operation::accept));
        listener.accept_submitted(true);
        counters_.add(Counter::accepts_armed);
        return;
    case ListenerStep::accept_one:
        requests_.accept_one(listener.descriptor(), token(Operation::accept));
        listener.accept_submitted(false);
        counters_.add(Counter::accepts_armed);
        return;
    case ListenerStep::cancel:
        requests_.cancel(token(Operation::accept), token(Operation::cancel_accept));
        listener.cancel_submitted();
        counters_.add(Counter::cancels);
        return;
    case ListenerStep::close:
        requests_.close_listener(listener.descriptor(), token(Operation::close_listener));
        listener.close_submitted();
        return;
    }
}

} // namespace kodama
