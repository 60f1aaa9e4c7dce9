// What a worker has done, readable from any thread while it goes on doing it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <kodama/base/export.hpp>
#include <kodama/core/close_reason.hpp>

namespace kodama {

// Everything only ever grows, but for the three gauges at the end.
enum class Counter : std::uint8_t {
    turns,                     // passes of the loop: an io_uring_enter each, two if it looks first
    completions,               // completions read
    batched_turns,             // turns that waited for several completions (Options::batch_wait)
    stale_completions,         // those of an earlier generation, which changed nothing
    accepted,                  // connections accepted
    outgoing,                  // connections opened by sessions, whatever became of them
    outgoing_refused,          // those for which there was no place, or that came while it drains
    accepts_armed,             // accept operations submitted
    accept_pauses_table,       // times accepting paused because every place was taken,
    accept_pauses_descriptors, // because there were no descriptors (EMFILE, ENFILE),
    accept_pauses_memory,      // because there was no memory
    refused,                   // connections accepted for which there was no place: closed at once
    receives_armed,            // receive operations submitted
    receives,                  // receives that brought bytes
    bytes_received,            //
    sends,                     // sends submitted
    bytes_sent,                // bytes that the kernel accepted, or was given in a silent send
    sends_blocked,             // sends that the peer's window or the socket's buffer cut short
    bytes_copied,              // bytes moved out of receive buffers because a peer did not read
    bytes_discarded,           // bytes received after close(), and unsent ones of ended connections
    parks,                     // times a connection had to wait for receive buffers
    held_back,                 // times one was not read because its partner's peer did not read
    cancels,                   // cancellations submitted
    errands,                   // what other threads had done to connections, through a Handle
    connections_open,          // gauge
    buffers_out,               // gauge: receive buffers held by sessions and send queues
    buffers_sending,           // gauge: those in silent sends, which are back after the next turn
    buffers_resting,           // gauge: those that do not go round now, to keep warm those that do
};

// How many there are.
inline constexpr std::size_t counter_count = 28;

// "turns" and so on; never empty.
[[nodiscard]] KODAMA_EXPORT std::string_view name_of(Counter counter) noexcept;

// A copy at one moment: of one worker, or the sum of several.
class KODAMA_EXPORT Counters {
public:
    // The value of one counter.
    [[nodiscard]] std::uint64_t operator[](Counter counter) const noexcept {
        return values_[static_cast<std::size_t>(counter)];
    }
    // How many connections ended for this reason.
    [[nodiscard]] std::uint64_t operator[](CloseReason reason) const noexcept {
        return closed_[static_cast<std::size_t>(reason)];
    }
    // Adds each counter of the other: the sum of several workers.
    Counters& operator+=(Counters const& other) noexcept;

private:
    friend class LiveCounters;

    std::array<std::uint64_t, counter_count> values_{};
    std::array<std::uint64_t, close_reason_count> closed_{};
};

// The counters that a worker writes. One writer, any number of readers; relaxed loads and stores,
// so that writing costs what a plain integer costs.
class KODAMA_EXPORT LiveCounters {
public:
    void add(Counter counter, std::uint64_t count = 1) noexcept {
        bump(values_[static_cast<std::size_t>(counter)], count);
    }
    void set(Counter gauge, std::uint64_t value) noexcept {
        values_[static_cast<std::size_t>(gauge)].store(value, std::memory_order_relaxed);
    }
    void add(CloseReason reason) noexcept { bump(closed_[static_cast<std::size_t>(reason)], 1); }

    [[nodiscard]] std::uint64_t operator[](Counter counter) const noexcept {
        return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
    }
    [[nodiscard]] Counters snapshot() const noexcept;

private:
    using Cell = std::atomic<std::uint64_t>;

    static void bump(Cell& cell, std::uint64_t count) noexcept {
        cell.store(cell.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }

    std::array<Cell, counter_count> values_{};
    std::array<Cell, close_reason_count> closed_{};
};

} // namespace kodama
