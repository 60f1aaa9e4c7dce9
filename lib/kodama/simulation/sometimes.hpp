// Rare things that a simulation has to meet now and then, or it proves less than it seems to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kodama::simulation {

// Each is counted wherever it happens, and reported; a long run that never meets one is a finding
// about the simulation (Antithesis calls these "sometimes assertions").
enum class Sometimes : std::uint8_t {
    entries_submitted_in_part,
    enter_failed,
    woken_for_nothing,
    completions_overflowed,
    overflow_flushed,
    multishot_ended_by_overflow,
    multishot_receive_ended_with_data,
    multishot_accept_ended_with_connection,
    fin_told_with_data,
    no_buffers_while_others_have_them,
    no_buffers_at_once,
    buffer_with_failure,
    send_cut_short,
    send_failed_after_data,
    patient_send_waited,
    accept_failed,
    descriptors_used_up,
    listener_died,
    cancel_won,
    cancel_lost_to_data,
    cancel_found_nothing,
    cancel_found_it_running,
    cancel_answered_first,
    slot_taken_before_close_was_told,
    stale_completion,
    reset_by_server,
    reset_by_peer,
    data_read_after_reset,
    evicted,
    parked,
    accept_paused,
    drained_with_data_arrived,
    drain_met_deadline,
    idle_connection_closed,
    stopped_with_connections,
    submission_queue_full,
    silent_send_succeeded,
    silent_send_cut_short,
    silent_send_failed,
    silent_send_failure_overflowed,
    silent_send_left_over, // not submitted by the call that was to submit it
    batch_complete,        // a turn waited for several completions, and they came
    batch_in_vain,         // not all of them came in time

    // Only where sessions open connections.
    socket_failed,
    connected,
    connect_failed,
    connect_cancelled,
    upstream_reset,
    upstream_finished_early,
    connection_held_back, // its partner had no room for what it receives
};

inline constexpr std::size_t sometimes_count =
    static_cast<std::size_t>(Sometimes::connection_held_back) + 1;

[[nodiscard]] std::string_view name_of(Sometimes what) noexcept;

// How often each happened. Plain numbers that may lie in memory shared between processes.
struct SometimesCounts {
    std::array<std::uint64_t, sometimes_count> counts{};

    void note(Sometimes what, std::uint64_t times = 1) noexcept {
        counts[static_cast<std::size_t>(what)] += times;
    }
};

} // namespace kodama::simulation
