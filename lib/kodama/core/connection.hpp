// What a session may do with its connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <kodama/base/address.hpp>
#include <kodama/base/export.hpp>
#include <kodama/base/ids.hpp>
#include <kodama/base/intrusive_list.hpp>
#include <kodama/core/buffer.hpp>
#include <kodama/core/connection_state.hpp>
#include <kodama/core/deadline.hpp>
#include <kodama/core/handle.hpp>
#include <kodama/core/shared_bytes.hpp>

namespace kodama {

class Worker;

// One TCP connection: an accepted one, or one that a session opened. A session gets a reference to
// it in each hook.
//
// Lifetime: from before `on_open` until `on_close` returns. Threads: the thread of its worker,
// which is the one that calls the hooks; no call here may be made from another. None of them blocks
// or calls back into the session, and none fails because of what a peer does: a connection that is
// already ending answers `false` or ignores the call.
class KODAMA_EXPORT Connection {
public:
    Connection() noexcept = default;
    Connection(Connection const&) = delete;
    Connection& operator=(Connection const&) = delete;

    // Queues the bytes behind what was queued before. Returns false and takes nothing (the buffer
    // keeps its bytes) once the connection is finishing or ending, or while it holds more unsent
    // bytes than `Options::max_pending` plus what the worker's receive buffers can hold;
    // `on_writable` follows when there is room again. A session that sends no more than it has
    // received is never refused for lack of room: its peer stops being read at `max_pending`, and
    // what the kernel delivers all the same is taken. An empty buffer is taken and sends nothing.
    bool send(Buffer&& buffer) noexcept;

    // The same for bytes that are the caller's: all of them are copied, or none. Also refused while
    // a worker's share of `Options::max_pending_total` has no room for them: until others are read,
    // or are dropped because they do not read (`Options::send_timeout`). More than that share at
    // once is refused for ever.
    bool send_copy(std::span<std::byte const> bytes) noexcept;
    // The same for text.
    bool send_copy(std::string_view text) noexcept {
        return send_copy(std::as_bytes(std::span(text)));
    }

    // The same for bytes that several connections send: none of them is copied. Each takes one of
    // `Options::shared_sends` places until it is sent; without one, the bytes are copied as by
    // send_copy().
    bool send(SharedBytes const& bytes) noexcept;

    // How many bytes are queued that the kernel has not accepted yet.
    [[nodiscard]] std::size_t unsent() const noexcept { return state_.unsent().size(); }

    // Whether what arrives is given to the session: no longer after close() or abort(). For those
    // who find more than one message in what they receive: the rest is not to be served then.
    [[nodiscard]] bool receives() const noexcept { return state_.delivers(); }

    // Stops reading the peer until resume_receiving(): for a session that can use nothing now. What
    // the kernel has delivered by then comes all the same. A drain waits for it, to its deadline.
    // That the peer has finished or has reset the connection is noticed when reading goes on, or
    // when something is sent; `Options::idle_timeout` and the session's timer go on.
    void pause_receiving() noexcept;
    // Reads on.
    void resume_receiving() noexcept;

    // Sends FIN after everything queued has been accepted by the kernel (SHUT_WR). Reading goes on;
    // the connection closes once the peer has finished too.
    void finish() noexcept;

    // finish(), then reads and discards until the peer's FIN or until `Options::linger_timeout`
    // after ours, then closes. Closing with unread input would make the kernel reset the peer, and
    // a reset destroys what is still on its way to it (RFC 1122, 4.2.2.13). Where the peer's FIN
    // was already read, the connection closes as soon as everything is sent.
    void close() noexcept;

    // Resets the connection now; what is unsent is lost.
    void abort() noexcept;

    // Calls the session's `on_timer` once, when `delay` has passed: never earlier, and in the same
    // turn of the worker as whatever else happens then. There is one such timer: it is replaced
    // when it runs already, and may be started again from `on_timer`. A delay of 0 or less is over
    // in the worker's next turn at the latest; one beyond the clock's range never ends. It does
    // not fire after abort() or a reset, nor after `on_close`; after close() it does. Without an
    // `on_timer`, nothing happens. O(log n) for n running timers; allocates nothing.
    void start_timer(std::chrono::nanoseconds delay) noexcept;

    // The timer does not fire, unless it is started again.
    void stop_timer() noexcept;

    // The peer's address, asked for at the first call and then remembered. The first call costs
    // three system calls with direct descriptors and one without, for multishot accept does not
    // tell the address. Unspecified when the peer has already gone.
    [[nodiscard]] Address const& peer() noexcept;

    // Names this connection for others: for other connections, other threads, and for later.
    [[nodiscard]] Handle handle() const noexcept;

    // Opens another connection, in this worker, and returns at once. Its session is of the same
    // type and made like any other's, inside this call; its hooks are called later: `on_open` when
    // it is connected, or `on_close(CloseReason::connect_failed)` when it was refused, could not be
    // reached, or was not answered within `Options::send_timeout`. Until then what is sent to it is
    // queued, as to a peer that does not read; finish() waits for its turn; close() gives it up if
    // nothing is queued, and abort() does in any case. Empty where there is none of
    // `Options::max_outgoing` places left, while the server drains or stops, for an unspecified
    // address, and when the session's constructor throws.
    [[nodiscard]] Handle connect(Address const& to) noexcept;

    // Whether a session opened it, with connect().
    [[nodiscard]] bool outgoing() const noexcept { return outgoing_; }
    // The connection whose session that was; empty for an accepted one.
    [[nodiscard]] Handle opener() const noexcept;

    // Makes two connections of one worker partners: what each receives is meant for the other. From
    // then on each is read as long as the other's peer takes what it is sent, whatever its own peer
    // takes: while more than `Options::max_pending` is queued there, it is not read. A drain lets
    // both finish what has arrived at either. False, and nothing is done, if one of them has a
    // partner already or is over, or they are one and the same.
    bool pair_with(Connection& other) noexcept;

    // The other one; null when there is none, or it is over.
    [[nodiscard]] Connection* partner() const noexcept { return partner_; }

    // Sends what was received here to the partner, which does not refuse it for lack of room.
    // Returns false and takes nothing when there is no partner, or it is finishing or ending.
    bool forward(Buffer&& buffer) noexcept;

private:
    friend class Worker;
    friend class ConnectionTable;

    enum class Timer : std::uint8_t { idle, linger, none };

    // In order of how often it is looked at: what an echo needs comes first, for each of a thousand
    // connections has its lines of the cache to fetch.
    Worker* worker_ = nullptr;
    ConnectionState state_;
    Connection* partner_ = nullptr;
    ListLink<Connection> touched_link_; // something changed: ask it what to submit next
    ListLink<Connection> silent_link_;  // has a silent send in flight
    ListLink<Connection> held_link_;    // accepted beyond the limit, and waits for a place
    Slot slot_{};
    Generation generation_{};
    int descriptor_ = -1;               // the slot again with direct descriptors
    std::uint32_t in_flight_bytes_ = 0; // of the send
    std::uint32_t counted_bytes_ = 0;   // of the unsent ones, that were counted as sent
    std::uint32_t owed_ = 0;            // bytes received that it has not sent: never refused
    bool open_ = false;                 // the place is taken
    bool has_session_ = false;
    bool refused_ = false;            // send() said no: on_writable is owed
    std::uint8_t silent_buffers_ = 0; // receive buffers that its silent send reads
    Timer timer_ = Timer::none;
    bool evicted_ = false;
    bool outgoing_ = false;

    ListLink<Connection> timer_link_;   // idle, or waits for the peer's FIN; nearest deadline first
    TimePoint deadline_{};              // of the timer
    ListLink<Connection> parked_link_;  // waits for receive buffers, oldest first
    ListLink<Connection> blocked_link_; // has a send that the peer does not read, oldest first
    ListLink<Connection> starved_link_; // waits for memory for unsent bytes, oldest first
    std::size_t wanted_ = 0;            // bytes of memory that the refused send needs
    std::uint32_t unparks_before_ = 0;  // how many others' turns there had been when it was parked
    Slot opener_{};                     // of an outgoing one
    Generation opener_generation_{};
    Address peer_;
};

} // namespace kodama
