// Accepting on one listening socket: armed, paused, resumed, emptied, closed.
#pragma once

#include <cstdint>

#include <kodama/core/deadline.hpp>

namespace kodama {

// What a listener wants submitted next.
enum class ListenerStep : std::uint8_t { none, accept_many, accept_one, cancel, close };

// Multishot accept has no budget: it takes whatever is queued, and with a full table the kernel
// drops what it took. So it is armed only while there are more free places than could be queued;
// below that, connections are accepted one at a time; with no place they stay in the kernel's
// queue, where nothing is lost.
//
//     open       idle ◀──ended── accepting ◀──accept submitted── idle
//                paused ──time over, connection ended──▶ idle
//                idle, accepting ──descriptors or memory ran out──▶ paused
//     emptying   after drain(): accept one and cancel that at once, again and again. A connection
//                that is queued is accepted before the cancellation finds the accept; when it is
//                cancelled instead, the queue is empty
//     closing    emptied, or stop() ──▶ cancelled, joined ──▶ closed
//
// Descriptors and memory that have run out come back at no known time, so a pause ends when a
// connection ends here, or after a delay that doubles from 10 to 500 ms; it never spins.
class Listener {
public:
    explicit Listener(int descriptor) noexcept : descriptor_(descriptor) {}

    // `free_places`: how many more connections may be served.
    // `reserve`: how many connections the kernel may take from its queues before it looks up.
    [[nodiscard]] ListenerStep next_step(std::uint32_t free_places, std::uint32_t reserve,
                                         bool multishot) const noexcept;

    void accept_submitted(bool many) noexcept;
    void cancel_submitted() noexcept;
    void close_submitted() noexcept;

    void accepted() noexcept; // a connection came; before accept_ended(), if that was the last
    void accept_ended() noexcept;
    void accept_cancelled() noexcept; // after accept_ended(): it ended without a connection
    // `running`: it was too late, and the accept ends by itself.
    void cancel_ended(bool running) noexcept;
    void close_ended() noexcept;

    // Descriptors or memory ran out. Returns true when this began a pause.
    bool pause(TimePoint now) noexcept;
    void resume() noexcept;

    // Accept what is queued already, then close. Arrivals must have been stopped.
    void drain() noexcept;
    // Close.
    void stop() noexcept;

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    [[nodiscard]] TimePoint paused_until() const noexcept { return paused_until_; }
    [[nodiscard]] bool paused() const noexcept { return paused_until_ != never; }
    [[nodiscard]] bool open() const noexcept { return phase_ == Phase::open; }
    [[nodiscard]] bool closed() const noexcept { return phase_ == Phase::closed; }

private:
    enum class Phase : std::uint8_t { open, emptying, stopped, closing, closed };

    int descriptor_;
    Phase phase_ = Phase::open;
    bool accepting_ = false;
    bool many_ = false;         // of the accept in flight
    bool for_the_rest_ = false; // the accept in flight was submitted while emptying
    bool cancelling_ = false;
    bool runs_out_ = false;          // the accept in flight ends by itself
    TimePoint paused_until_ = never; // never: not paused
    Duration pause_length_{};
};

} // namespace kodama
