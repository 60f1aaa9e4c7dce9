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

// Whether a cancellation found what it was to cancel being carried out.
bool too_late(Completion const& cancellation) noexcept {
    Token const token = Token::from_user_data(cancellation.user_data);
    return outcome_of(token.operation(), cancellation.result) == Outcome::running;
}

// While there is a place left, every listening socket has an accept in flight, for nobody knows
// where the next client will come. All but one of those that come at once have to wait (held_).
std::uint32_t spare_places(std::vector<int> const& listening_sockets) noexcept {
    return static_cast<std::uint32_t>(std::max<std::size_t>(listening_sockets.size(), 1) - 1);
}

} // namespace

Worker::Worker(Ring& ring, FeatureSet features, WorkerLimits const& limits,
               SessionHooks const& hooks, std::vector<int> const& listening_sockets,
               LiveCounters& counters, EventHandler const& on_event, void* shared)
    : ring_(ring),
      features_(features),
      limits_(limits),
      hooks_(hooks),
      counters_(counters),
      on_event_(on_event),
      received_(limits.buffer_count, limits.buffer_size),
      copies_(static_cast<std::uint32_t>(limits.pending_total / copy_block_size), copy_block_size),
      pieces_(limits.shared_pieces),
      state_(hooks, shared),
      buffer_ring_(ring, limits.buffer_count, receive_group),
      circulation_(limits.buffer_count, limits.warm_bytes, limits.few_buffers),
      batching_(limits.batch_wait, limits.batch_window),
      busy_polling_(limits.busy_poll),
      requests_(ring, features),
      table_(limits.max_connections + spare_places(listening_sockets) + limits.max_outgoing,
             chooser(features), hooks, limits.max_outgoing),
      session_timers_(hooks.on_timer != nullptr ? table_.size() : 0),
      inbox_(std::make_shared<Inbox>(this, ring, limits.inbox_errands, limits.inbox_bytes)) {
    if (features_.has(Feature::direct_descriptors)) {
        ring_.require_direct_descriptors(table_.size());
        // The kernel chooses the place of who is accepted, and leaves the others to us.
        if (limits.max_outgoing > 0) ring_.require_accept_range(table_.size_accepted());
    }
    for (int const socket : listening_sockets)
        listeners_.emplace_back(socket);
}

Worker::~Worker() {
    inbox_->close();
    KODAMA_ASSERT(table_.used() == 0);
    KODAMA_ASSERT(pieces_.out() == 0);
}

void Worker::start() noexcept {
    ring_.poll_busily(busy_polling_.duration());
    requests_.wait_for_wake(Token(Operation::wake, Slot{}, Generation{}));
    settle();
    ring_.submit();
    requests_.entered();
}

void Worker::turn() noexcept {
    TimePoint const due = next_deadline();
    std::uint32_t const waited_for = enter(due);
    requests_.entered();
    // Asked before the visit: what is submitted during it may fail after it.
    bool const caught_up = ring_.caught_up();
    unsigned const count =
        ring_.visit([this](Completion const& completion) noexcept { dispatch(completion); });
    caught_up ? conclude_silent_sends() : await_silent_sends();
    circulation_.turned();
    counters_.add(Counter::turns);
    counters_.add(Counter::completions, count);
    if (waited_for > 1) counters_.add(Counter::batched_turns);
    bool const batch_over = batching_.turned(waited_for, count);
    bool const poll_over = busy_polling_.turned(count);
    if (batch_over || poll_over) adapt(batch_over, poll_over);
    expire(due);
    settle();
}

// For how many completions it waited, unless the deadline was earlier.
std::uint32_t Worker::enter(TimePoint deadline) noexcept {
    // In one call the kernel would look for receive buffers before we can publish those that the
    // call's own silent sends have read. When those are more than it has, the sends go first.
    sends_go_first_ = !sends_go_first_ && buffers_sending_ > received_.kernel_count();
    std::uint32_t wait_for = 0;
    if (sends_go_first_) {
        ring_.submit();
        return wait_for;
    }
    if (may_sleep()) wait_for = (draining_ || busy_polling_.looks()) ? 1 : batching_.wanted();
    // More than one may never come.
    if (wait_for > 1) deadline = std::min(deadline, ring_.now() + batching_.patience());
    ring_.enter(wait_for, deadline);
    return wait_for;
}

// How the next turns wait. At least one of the two windows is over.
void Worker::adapt(bool batch_over, bool poll_over) noexcept {
    Ring::Usage const usage = ring_.usage();
    if (batch_over) {
        // Who looks has time to spare.
        batching_.look(ring_.now(), usage.cpu_time - usage.looking, circulation_.affordable());
    }
    if (!poll_over) return;
    std::uint64_t const bytes = counters_[Counter::bytes_received] + counters_[Counter::bytes_sent];
    busy_polling_.judge(
        {.cpu_time = usage.cpu_time, .bytes = bytes, .preemptions = usage.preemptions});
    ring_.poll_busily(busy_polling_.duration());
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

// Who waits for buffers is armed in portions, and those that were armed may all be idle.
bool Worker::may_sleep() const noexcept {
    if (silent_sends_awaited()) return false;
    return parked_.empty() || received_.leased_count() == received_.count();
}

void Worker::dispatch(Completion const& completion) noexcept {
    Token const token = Token::from_user_data(completion.user_data);
    using State = ConnectionState;
    switch (token.operation()) {
    case Operation::accept:
        return on_accept(token, completion);
    case Operation::cancel_accept:
        return listeners_[index_of(token.slot())].cancel_ended(too_late(completion));
    case Operation::close_listener:
        return listeners_[index_of(token.slot())].close_ended();
    case Operation::receive:
        return on_receive(token, completion);
    case Operation::cancel_receive:
        return on_cancelled(token, completion, &State::cancel_receive_ended);
    case Operation::send:
        return on_send(token, completion);
    case Operation::cancel_send:
        return on_cancelled(token, completion, &State::cancel_send_ended);
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
    case Operation::make_socket:
        return on_socket(token, completion);
    case Operation::connect:
        return on_connected(token, completion);
    case Operation::cancel_connect:
        return on_cancelled(token, completion, &State::cancel_connect_ended);
    }
    KODAMA_ASSERT(false); // a token that nobody made
}

void Worker::on_cancelled(Token token, Completion const& completion,
                          void (ConnectionState::*ended)(bool) noexcept) noexcept {
    Connection* const connection = table_.find(token);
    if (connection == nullptr) return counters_.add(Counter::stale_completions);
    (connection->state_.*ended)(too_late(completion));
    touch(*connection);
}

void Worker::on_wake() noexcept {
    requests_.wait_for_wake(Token(Operation::wake, Slot{}, Generation{}));
    run_errands();
    obey();
}

void Worker::obey() noexcept {
    Command const command = command_.load(std::memory_order_acquire);
    if (command >= Command::drain && !draining_) begin_drain();
    if (command == Command::stop) abort_all();
}

void Worker::begin_drain() noexcept {
    draining_ = true;
    drain_deadline_ =
        TimePoint(TimePoint::duration(commanded_deadline_.load(std::memory_order_relaxed)));
    for (Listener& listener : listeners_) {
        // Closing it would reset whoever is in its queue, and was told to be connected.
        if (listener.open()) ring_.stop_arrivals(listener.descriptor());
        listener.drain();
    }
    for (std::uint32_t i = 0; i < table_.size(); ++i) {
        if (Connection* const connection = table_.at(Slot{i})) {
            connection->state_.drain();
            touch(*connection);
        }
    }
}

void Worker::abort_all() noexcept {
    stopping_ = true;
    drain_deadline_ = never;
    for (Listener& listener : listeners_)
        listener.stop();
    for (std::uint32_t i = 0; i < table_.size(); ++i) {
        if (Connection* const connection = table_.at(Slot{i})) {
            connection->state_.abort(CloseReason::stopped);
            if (Held::contains(*connection)) {
                held_.remove(*connection);
                --held_count_;
            }
            touch(*connection);
        }
    }
}

void Worker::settle() noexcept {
    do {
        pump_touched();
        relieve_memory();
    } while (!touched_.empty());
    for (std::size_t i = 0; i < listeners_.size(); ++i)
        pump(listeners_[i], i);
    watch_table();
    publish();
    unpark_some();
    counters_.set(Counter::connections_open, table_.used());
    counters_.set(Counter::buffers_out, received_.leased_count() - buffers_sending_);
    counters_.set(Counter::buffers_sending, buffers_sending_);
    counters_.set(Counter::buffers_resting, received_.free_count());
}

void Worker::publish() noexcept {
    std::uint32_t const limit = circulation_.limit();
    while (received_.kernel_count() + buffers_sending_ < limit) {
        BufferBlock* const block = received_.take_for_kernel();
        if (block == nullptr) break;
        buffer_ring_.add(received_.id_of(*block), block->memory, received_.block_size());
    }
    buffer_ring_.publish();
}

} // namespace kodama
