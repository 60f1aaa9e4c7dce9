#include <kodama/simulation/sometimes.hpp>

namespace kodama::simulation {

namespace {

constexpr std::array<std::string_view, sometimes_count> names{
    "entries_submitted_in_part",
    "enter_failed",
    "woken_for_nothing",
    "completions_overflowed",
    "overflow_flushed",
    "multishot_ended_by_overflow",
    "multishot_receive_ended_with_data",
    "multishot_accept_ended_with_connection",
    "fin_told_with_data",
    "no_buffers_while_others_have_them",
    "no_buffers_at_once",
    "buffer_with_failure",
    "send_cut_short",
    "send_failed_after_data",
    "patient_send_waited",
    "accept_failed",
    "descriptors_used_up",
    "listener_died",
    "cancel_won",
    "cancel_lost_to_data",
    "cancel_found_nothing",
    "cancel_found_it_running",
    "cancel_answered_first",
    "slot_taken_before_close_was_told",
    "stale_completion",
    "reset_by_server",
    "reset_by_peer",
    "data_read_after_reset",
    "evicted",
    "parked",
    "accept_paused",
    "drained_with_data_arrived",
    "drain_met_deadline",
    "idle_connection_closed",
    "stopped_with_connections",
    "submission_queue_full",
    "silent_send_succeeded",
    "silent_send_cut_short",
    "silent_send_failed",
    "silent_send_failure_overflowed",
    "silent_send_left_over",
    "batch_complete",
    "batch_in_vain",
    "socket_failed",
    "connected",
    "connect_failed",
    "connect_cancelled",
    "upstream_reset",
    "upstream_finished_early",
    "connection_held_back",
};

} // namespace

std::string_view name_of(Sometimes what) noexcept { return names[static_cast<std::size_t>(what)]; }

} // namespace kodama::simulation
