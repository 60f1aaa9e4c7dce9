// One ring, one thread, one loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <kodama/base/export.hpp>
#include <kodama/core/batching.hpp>
#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/busy_polling.hpp>
#include <kodama/core/circulation.hpp>
#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/core/connection_table.hpp>
#include <kodama/core/counters.hpp>
#include <kodama/core/deadline.hpp>
#include <kodama/core/event.hpp>
#include <kodama/core/hooks.hpp>
#include <kodama/core/inbox.hpp>
#include <kodama/core/listener.hpp>
#include <kodama/core/requests.hpp>
#include <kodama/core/shared_pieces.hpp>
#include <kodama/core/timer_heap.hpp>
#include <kodama/core/worker_state.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

// One worker's share of the server's limits (server/options.hpp says what each is).
struct WorkerLimits {
    std::uint32_t max_connections = 0;
    std::uint32_t max_outgoing = 0;
    std::uint32_t backlog = 0;
    std::uint32_t buffer_count = 0;
    std::uint32_t buffer_size = 0;
    // Of received bytes, so many go round; no option, but the simulator makes it small.
    std::uint32_t warm_bytes = Circulation::usual_warm_bytes;
    // As many receive buffers may go round however few come back; likewise no option.
    std::uint32_t few_buffers = Circulation::usual_few;
    // How long a turn waits for more than one completion, where the core hardly keeps up; 0: never.
    Duration batch_wait = Batching::usual_patience;
    // Looked at as one, to tell whether it does; no option, but the simulator makes it small.
    std::uint32_t batch_window = Batching::usual_window;
    // How long a turn looks for something to do before it sleeps (BusyPolling).
    std::optional<Duration> busy_poll = Duration::zero();
    std::size_t max_pending = 0;
    std::size_t pending_total = 0;
    Duration linger_timeout{};
    Duration idle_timeout{}; // 0: none
    Duration send_timeout{}; // of outgoing connections; others have it from their listening socket
    std::uint32_t inbox_errands = 0;
    std::size_t inbox_bytes = 0;
    std::uint32_t shared_pieces = 0;
};

// Serves the connections of its listeners. Knows a ring, not the kernel: no system call is made
// here, and no clock is read but the ring's.
//
// One turn:
//
//   enter       submit what was queued, sleep until something has happened or is due; for a little
//               longer where the core hardly keeps up, so that more is done in one turn (Batching)
//   dispatch    each completion changes the state of one connection or listener, calls its hooks
//   conclude    silent sends that were not heard of have succeeded
//   expire      deadlines that have passed
//   settle      ask everything that changed what it wants next, and queue that
//   publish     give the receive buffers that came back to the kernel again
//
// Threads: everything in the thread that made the ring, but for request().
// The simulator is linked with what is exported.
class Worker {
public:
    enum class Command : std::uint8_t { serve, drain, stop };

    // The worker takes over the listening sockets. `shared` is what the sessions of all workers
    // share, if they do. Throws SetupError, and what the constructor of the sessions' worker state
    // throws.
    KODAMA_EXPORT Worker(Ring& ring, FeatureSet features, WorkerLimits const& limits,
                         SessionHooks const& hooks, std::vector<int> const& listening_sockets,
                         LiveCounters& counters, EventHandler const& on_event,
                         void* shared = nullptr);
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;
    // Must have finished.
    KODAMA_EXPORT ~Worker();

    // Arms the listeners: when it returns, connections are accepted.
    KODAMA_EXPORT void start() noexcept;

    KODAMA_EXPORT void turn() noexcept;

    // Drained or stopped, to the last connection.
    [[nodiscard]] KODAMA_EXPORT bool finished() const noexcept;

    // What a Handle asks for, in the worker's thread; false when it is not done.
    bool act(Errand const& errand) noexcept;

    // From any thread. Commands only ever get stronger; `deadline` is when a drain resets what is
    // left.
    KODAMA_EXPORT void request(Command command, TimePoint deadline) noexcept;

private:
    friend class Connection;
    friend class Handle;

    using Touched = IntrusiveList<Connection, &Connection::touched_link_>;
    using Parked = IntrusiveList<Connection, &Connection::parked_link_>;
    using Blocked = IntrusiveList<Connection, &Connection::blocked_link_>;
    using Silent = IntrusiveList<Connection, &Connection::silent_link_>;
    using Held = IntrusiveList<Connection, &Connection::held_link_>;
    using Starved = IntrusiveList<Connection, &Connection::starved_link_>;
    using Timed = IntrusiveList<Connection, &Connection::timer_link_>;
    using Timer = Connection::Timer;

    // --- worker.cpp: the loop and its commands
    [[nodiscard]] bool may_sleep() const noexcept;
    std::uint32_t enter(TimePoint deadline) noexcept;
    void adapt(bool batch_over, bool poll_over) noexcept;
    void dispatch(Completion const& completion) noexcept;
    void on_cancelled(Token token, Completion const& completion,
                      void (ConnectionState::*ended)(bool) noexcept) noexcept;
    void on_wake() noexcept;
    void obey() noexcept;
    void begin_drain() noexcept;
    void abort_all() noexcept;
    void settle() noexcept;
    void publish() noexcept;

    // --- worker_accept.cpp: what listeners want next, and what to do when there is no room
    void on_accept(Token token, Completion const& completion) noexcept;
    void accept_failed(Listener& listener, std::int32_t result) noexcept;
    void pump(Listener& listener, std::size_t index) noexcept;
    void watch_table() noexcept;
    void tell(Event event) const noexcept;
    [[nodiscard]] std::uint32_t free_places() const noexcept;

    // --- worker_timers.cpp: deadlines
    void expire(TimePoint due) noexcept;
    void expire(Connection& connection) noexcept;
    void start_timer(Connection& connection, Timer timer) noexcept;
    void stop_timer(Connection& connection) noexcept;
    void restart_idle_timer(Connection& connection) noexcept;
    void start_session_timer(Connection& connection, Duration delay) noexcept;
    void stop_session_timer(Connection& connection) noexcept;
    void expire_session_timers(TimePoint now) noexcept;
    [[nodiscard]] TimePoint next_deadline() const noexcept;

    // --- worker_connections.cpp: what completions do to a connection, and what it wants next
    void open(std::int32_t descriptor) noexcept;
    void begin_session(Connection& connection) noexcept;
    void begin_held_sessions() noexcept;
    void on_receive(Token token, Completion const& completion) noexcept;
    void on_send(Token token, Completion const& completion) noexcept;
    void on_ended(Token token, void (ConnectionState::*ended)() noexcept) noexcept;
    void on_close(Token token) noexcept;
    void deliver(Connection& connection, Buffer&& buffer) noexcept;
    void peer_finished(Connection& connection) noexcept;
    void receive_failed(Connection& connection, std::int32_t result) noexcept;
    void pump(Connection& connection) noexcept;
    void submit(Connection& connection, Step step) noexcept;
    void submit_receive(Connection& connection, Step step) noexcept;
    void submit_send(Connection& connection) noexcept;
    void submit_close(Connection& connection) noexcept;
    void tell_writable(Connection& connection) noexcept;
    void release(Connection& connection) noexcept;
    [[nodiscard]] Token token(Operation operation, Connection const& connection) const noexcept;

    // --- worker_outgoing.cpp: connections that sessions open, and partners
    [[nodiscard]] Handle connect(Connection& opener, Address const& to) noexcept;
    [[nodiscard]] Handle opener_of(Connection const& connection) const noexcept;
    void submit_outgoing(Connection& connection, Step step) noexcept;
    void on_socket(Token token, Completion const& completion) noexcept;
    void on_connected(Token token, Completion const& completion) noexcept;
    bool pair(Connection& one, Connection& other) noexcept;
    bool forward(Connection& connection, Buffer&& buffer) noexcept;
    void tell_partner(Connection& connection) noexcept;
    void leave_partner(Connection& connection) noexcept;

    // --- worker_silent.cpp: sends that complete only where they fail
    [[nodiscard]] bool may_be_silent(Connection const& connection) const noexcept;
    void silent_send_submitted(Connection& connection, std::span<iovec const> memory) noexcept;
    void leave_silent(Connection& connection) noexcept;
    void conclude_silent_sends() noexcept;
    void await_silent_sends() noexcept;
    [[nodiscard]] bool silent_sends_awaited() const noexcept;
    void count_sent(Connection& connection, std::size_t count) noexcept;

    // --- worker_memory.cpp: waiting for memory, and what a connection may queue
    void touch(Connection& connection) noexcept { touched_.push_back_once(connection); }
    void pump_touched() noexcept;
    void park(Connection& connection) noexcept;
    void unpark_some() noexcept;
    void relieve_memory() noexcept;
    bool move_unsent_out(Connection& connection) noexcept;
    void evict_longest_blocked() noexcept;
    void keep_account_of_blocked(Connection& connection, bool progress) noexcept;
    void leave_all_lists(Connection& connection) noexcept;
    bool refuse(Connection& connection, std::size_t wanted) noexcept;
    [[nodiscard]] bool may_queue(Connection const& connection, std::size_t size) const noexcept;
    static void pay(Connection& connection, std::size_t size) noexcept;
    [[nodiscard]] bool has_room(Connection const& connection) const noexcept;
    bool send(Connection& connection, Buffer&& buffer) noexcept;
    bool send(Connection& connection, SharedBytes const& bytes) noexcept;
    bool send_copy(Connection& connection, std::span<std::byte const> bytes) noexcept;

    // --- worker_errands.cpp: what is done to a connection from elsewhere
    [[nodiscard]] Handle handle_of(Connection const& connection) const noexcept;
    [[nodiscard]] Connection* find(Slot slot, Generation generation) noexcept;
    void run_errands() noexcept;

    Ring& ring_;
    FeatureSet features_;
    WorkerLimits limits_;
    SessionHooks const& hooks_;
    LiveCounters& counters_;
    EventHandler on_event_;

    BufferPool received_; // what the kernel receives into
    BufferPool copies_;   // what is copied: send_copy(), and what blocked connections hold
    SharedPieces pieces_; // what lies in send queues of SharedBytes
    WorkerState state_;   // may hold buffers
    BufferRing buffer_ring_;
    Circulation circulation_;
    Batching batching_;
    BusyPolling busy_polling_;
    Requests requests_;
    ConnectionTable table_;
    std::vector<Listener> listeners_;

    Touched touched_;
    Parked parked_;
    Blocked blocked_;
    Starved starved_;
    Silent silent_;
    bool silent_awaited_ = false;       // the next enter() must not wait
    bool sends_go_first_ = false;       // this turn submits and does not wait for anything
    std::uint32_t buffers_sending_ = 0; // receive buffers that they read
    Held held_;
    std::uint32_t held_count_ = 0;
    // One list for each kind of timer: all of a kind run equally long, so each list is in order.
    std::array<Timed, 2> timed_;
    TimerHeap session_timers_; // has places only where sessions have an on_timer
    std::uint32_t evictions_under_way_ = 0;
    std::uint32_t unparks_ = 0; // wraps around

    bool table_full_ = false;    // and told
    bool accept_failed_ = false; // and told
    bool draining_ = false;
    bool stopping_ = false;
    TimePoint drain_deadline_ = never;

    std::shared_ptr<Inbox> inbox_; // handles have it too

    std::atomic<Command> command_{Command::serve};
    std::atomic<TimePoint::rep> commanded_deadline_{0};
};

} // namespace kodama
