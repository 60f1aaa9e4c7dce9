// The state machine of one connection: events in, one question out.
#pragma once

#include <cstdint>

#include <kodama/core/close_reason.hpp>
#include <kodama/core/send_queue.hpp>

namespace kodama {

// What a connection wants submitted next.
enum class Step : std::uint8_t {
    none,
    receive,        // deliver what arrives, whenever it arrives
    receive_rest,   // deliver what has arrived already, without waiting
    cancel_receive, //
    send,           // the front of the queue
    cancel_send,    //
    shut_down,      // FIN
    reset,          // RST
    close,          // give the slot back
    make_socket,    // of an outgoing connection
    connect,        //
    cancel_connect, //
};

// The two directions of a connection, and when it is over.
//
//   input     reading ──close()──▶ discarding ──FIN, linger over──▶ ended
//                │╰──drain()──▶ last_call ──nothing left, close()──▶ discarding
//                │                  ╰──FIN──▶ ended
//                ╰──FIN──▶ ended
//
//   output    open ──finish(), close()──▶ finishing ──all sent, FIN sent──▶ finished
//               └────────┬────────────────────┴───────────────┬────────────────┘
//                        ╰──abort(), failed: peer gone────────╯──▶ broken
//
//   phase     no_socket ──socket made──▶ unconnected ──connected──▶ connected ──over──▶ closing
//               ╰───────failed, close() with nothing to send: output broken───────╯
//
//   Accepted connections begin connected. While an outgoing one is not, nothing is received or
//   sent, and it counts as blocked; with its output broken there is nobody to reset, so what is in
//   flight is cancelled or awaited and the place given back.
//
//   A connection is over when its input has ended and its output is finishing and all sent, or is
//   finished; or when its output is broken. Then what is in flight is cancelled and joined, and
//   only when nothing is in flight does it ask for its slot to be closed: Step::close, once.
//
// A connection may have a partner: what it receives is sent there, and the other way round. Then
// not its own unsent bytes say whether it is read, but those of its partner, and a drain leaves its
// output open while the partner may still bring something to send.
//
// In flight at most: one receive, one send, one cancellation of each, one shutdown, one reset; or
// what makes or connects its socket, and one cancellation of that.
// The state submits nothing itself: the worker asks `next_step` until the answer is `none`, and
// reports each submission and each completion.
class ConnectionState {
public:
    enum class Input : std::uint8_t { reading, last_call, discarding, ended };
    enum class Output : std::uint8_t { open, finishing, finished, broken };
    enum class Phase : std::uint8_t { no_socket, unconnected, connected, closing };

    // The question. `max_pending`: the unsent bytes at which reading stops, once the peer does not
    // take them at once.
    [[nodiscard]] Step next_step(std::size_t max_pending) const noexcept;

    // --- what the session and the server ask for
    void finish(CloseReason reason) noexcept;
    void close(CloseReason reason) noexcept;
    void drain() noexcept;
    void abort(CloseReason reason) noexcept;

    // Before anything else: it is outgoing, and has to be connected first.
    void begin_outgoing() noexcept;

    // --- what was submitted
    void outgoing_submitted() noexcept; // the making of its socket, or the connecting
    void cancel_connect_submitted() noexcept;
    void receive_submitted(Step step) noexcept; // receive or receive_rest
    void cancel_receive_submitted() noexcept;
    void send_submitted() noexcept;
    void silent_send_submitted() noexcept; // which ends by itself, and need not be cancelled
    void cancel_send_submitted() noexcept;
    void shut_down_submitted() noexcept;
    void reset_submitted() noexcept;
    void close_submitted() noexcept;

    // --- what happened
    void socket_made() noexcept;
    void connected() noexcept;
    void connect_failed() noexcept; // or there was no socket
    void cancel_connect_ended(bool running) noexcept;
    void receive_ended() noexcept;               // it is no longer armed, whatever the reason
    void receive_goes_on() noexcept;             // it brought something and is still armed
    void nothing_left() noexcept;                // the last call found the input empty
    void peer_finished() noexcept;               // FIN
    void peer_gone(CloseReason reason) noexcept; // reset, or lost
    void linger_over() noexcept;                 // the peer did not finish in time
    void sent(std::size_t count) noexcept; // the send has ended; the kernel took `count` bytes
    // `running`: it was too late, and what was to be cancelled ends by itself.
    void cancel_receive_ended(bool running) noexcept;
    void cancel_send_ended(bool running) noexcept;
    void shut_down_ended() noexcept;
    void reset_ended() noexcept;

    // The connection waits for receive buffers; `receive` is not asked for meanwhile.
    void park() noexcept;
    void unpark() noexcept;

    // The last send was cut short: the next one may wait for the peer. Until all is sent.
    void block() noexcept;

    // The session wants nothing now, so the peer is not read; what the kernel had delivered by then
    // comes all the same. Of no consequence once input is discarded.
    void pause() noexcept;
    void resume() noexcept;

    // Its session has just sent all that there was room for: what has arrived is taken once all the
    // same. A session that always has more to send would else never hear of its peer's FIN.
    void read_once() noexcept;

    // It has a partner from now on, and none any more.
    void pair() noexcept;
    void unpair() noexcept;
    // What the partner is like; return whether that is new. `full`: its peer does not take what was
    // sent to it. `feeds`: it may still receive something.
    bool hold_back(bool full) noexcept;
    bool feed_from_partner(bool feeds) noexcept;

    // There is no memory to move the unsent bytes to; `send` is not asked for meanwhile.
    void starve() noexcept;
    void feed() noexcept;

    [[nodiscard]] Input input() const noexcept { return input_; }
    [[nodiscard]] Output output() const noexcept { return output_; }
    // Received bytes are the session's.
    [[nodiscard]] bool delivers() const noexcept {
        return output_ != Output::broken &&
               (input_ == Input::reading || input_ == Input::last_call);
    }
    [[nodiscard]] bool may_send() const noexcept { return output_ == Output::open; }
    [[nodiscard]] bool broken() const noexcept { return output_ == Output::broken; }
    [[nodiscard]] bool blocked() const noexcept { return blocked_; }
    [[nodiscard]] bool starved() const noexcept { return starved_; }
    [[nodiscard]] bool parked() const noexcept { return parked_; }
    [[nodiscard]] bool sending() const noexcept { return sending_; }
    [[nodiscard]] bool receiving() const noexcept { return receiving_; }
    [[nodiscard]] bool closing() const noexcept { return phase_ == Phase::closing; }
    [[nodiscard]] bool paired() const noexcept { return paired_; }
    [[nodiscard]] bool held_back() const noexcept { return held_back_; }
    // Nothing that it wants next has to wait until the unsent bytes are sent.
    [[nodiscard]] bool sends_in_passing() const noexcept;
    // It waits for nothing but the peer's FIN.
    [[nodiscard]] bool lingers() const noexcept;
    [[nodiscard]] bool in_flight() const noexcept;
    [[nodiscard]] CloseReason reason() const noexcept { return reason_; }

    [[nodiscard]] SendQueue& unsent() noexcept { return unsent_; }
    [[nodiscard]] SendQueue const& unsent() const noexcept { return unsent_; }

private:
    [[nodiscard]] bool over() const noexcept;
    [[nodiscard]] bool waits_for_connection() const noexcept;
    [[nodiscard]] Step next_step_unconnected() const noexcept;
    [[nodiscard]] Step cancel_receive() const noexcept;
    [[nodiscard]] Step next_step_when_over() const noexcept;
    [[nodiscard]] Step next_output_step() const noexcept;
    [[nodiscard]] Step next_input_step(std::size_t max_pending) const noexcept;
    void give_reason(CloseReason reason) noexcept;

    SendQueue unsent_;
    Input input_ = Input::reading;
    Output output_ = Output::open;
    CloseReason reason_ = CloseReason::peer_finished;
    Phase phase_ = Phase::connected;
    bool reason_given_ : 1 = false;
    bool receiving_ : 1 = false;
    bool receiving_rest_ : 1 = false;
    bool last_call_made_ : 1 = false; // by the last receive
    bool cancelling_receive_ : 1 = false;
    bool receive_runs_out_ : 1 = false; // it ends by itself
    bool sending_ : 1 = false;
    bool cancelling_send_ : 1 = false;
    bool send_runs_out_ : 1 = false;
    bool shutting_down_ : 1 = false;
    bool reset_wanted_ : 1 = false;
    bool resetting_ : 1 = false;
    bool parked_ : 1 = false;
    bool blocked_ : 1 = false;
    bool starved_ : 1 = false;
    bool paused_ : 1 = false;
    bool reading_once_ : 1 = false; // is due
    bool paired_ : 1 = false;
    bool held_back_ : 1 = false;
    bool fed_ : 1 = false;        // its partner may bring something to send
    bool connecting_ : 1 = false; // its socket is made, or connected
    bool cancelling_connect_ : 1 = false;
    bool connect_runs_out_ : 1 = false;
};

} // namespace kodama
