// What a simulated run decides: each kind of decision has a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kodama::simulation {

// A decision is a number from 0 to a bound, and 0 is always the most benign one: no fault, all at
// once, in order, the plainest peer. Scripts name decisions as they are named here.
enum class Choice : std::uint8_t {
    // --- faults and freedoms of the kernel: off but for what the swarm of a run turns on
    submit_part,    // enter() takes only so many entries: value - 1
    enter_fails,    // enter() submits and waits for nothing (EINTR, EAGAIN, EBUSY)
    wake_early,     // enter() returns with nothing (ETIME, a signal)
    work_limit,     // only so many deferred completions in one enter(): value
    late,           // what became ready completes later: after 2^value us
    order,          // which of what is ready completes first
    receive_cut,    // a receive brings fewer bytes than there are: value
    receive_ends,   // a multishot receive ends although it brought bytes
    receive_fails,  // the network fails: ECONNRESET, ETIMEDOUT, EHOSTUNREACH, EPIPE
    receive_again,  // a receive ends with EINTR
    no_buffers,     // a receive finds no buffer although there are some
    buffer_on_fail, // a receive that does not wait brings a buffer with its EAGAIN (Linux 6.1)
    fin_together,   // the FIN is told together with the last bytes
    send_cut,       // a send takes fewer bytes than it could: value
    send_fails,     // the network fails: ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS, ENOMEM
    accept_fails,   // ECONNABORTED, EINTR, EPROTO, EMFILE, ENFILE, ENOBUFS, ENOMEM, ...
    accept_ends,    // a multishot accept ends although it brought a connection
    listener_dies,  // the listening socket becomes unusable (EINVAL)
    cancel_races,   // how a cancellation and what it cancels meet: simulated_cancel.cpp
    shut_down_late, // a shutdown waits for a kernel thread: 2^value us
    close_late,     // the completion of a close comes after 2^value us
    close_fails,    // a close reports an error, and has closed all the same
    clock_jumps,    // time passes: 2^value ms
    loses_data,     // a reset destroys what the other side has not read yet

    // --- what the run is about: sizes and limits
    peers,
    features,
    slots,
    backlog,
    buffers,
    buffer_size,
    max_pending,
    pending_total,
    entries,
    completions,
    receive_window, // bytes that the server's side of a connection takes
    send_window,    // bytes that the peer's side takes
    idle_timeout,
    linger_timeout,
    descriptors, // how many ordinary ones there are
    length,      // turns before the faults end
    ending,      // peers leave, drain, drain in the middle, stop

    // --- what each peer does
    behaviour,
    start, // when it connects
    amount,
    piece, // bytes it writes at once
    pause, // between two actions
    read_size,
    reset_at,
    rounds, // connections it makes, one after the other
    stays,  // whether it never finishes by itself

    // --- what the run is about, too: added later, so that a seed is still the run that it was
    warm_bytes,

    // --- what a session under test wants to have decided (Tape::draw, in its own code)
    session,

    // --- outgoing connections, added later; the first three are faults
    socket_fails,  // there is no descriptor or memory for one: EMFILE, ENFILE, ENOBUFS, ENOMEM
    connect_fails, // it is refused, unreachable, reset, or never answered: ECONNREFUSED, ...
    connect_late,  // it is answered after 2^value us
    upstream,      // what the server at the other end does: Upstream::Behaviour
    upstream_pace, // how long it waits between two actions, and how much it reads

    // --- batches, added later
    busy,         // the thread has used its core all the time since it was last asked
    batch_wait,   // how long a turn waits for more than one completion
    batch_window, // completions that are looked at as one

    // --- receive buffers, added later
    few_buffers, // how many may go round however few come back
};

inline constexpr std::size_t choice_count = static_cast<std::size_t>(Choice::few_buffers) + 1;

// "submit_part" and so on; never empty.
[[nodiscard]] std::string_view name_of(Choice choice) noexcept;
[[nodiscard]] std::optional<Choice> choice_named(std::string_view name) noexcept;

// Whether it is one of the first kind.
[[nodiscard]] constexpr bool is_fault(Choice choice) noexcept {
    return choice <= Choice::loses_data ||
           (choice >= Choice::socket_fails && choice <= Choice::connect_late);
}

} // namespace kodama::simulation
