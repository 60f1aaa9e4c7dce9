#include <kodama/simulation/choice.hpp>

#include <algorithm>
#include <array>

namespace kodama::simulation {

namespace {

constexpr std::array<std::string_view, choice_count> names{
    "submit_part",  "enter_fails",    "wake_early",     "work_limit",    "late",
    "order",        "receive_cut",    "receive_ends",   "receive_fails", "receive_again",
    "no_buffers",   "buffer_on_fail", "fin_together",   "send_cut",      "send_fails",
    "accept_fails", "accept_ends",    "listener_dies",  "cancel_races",  "shut_down_late",
    "close_late",   "close_fails",    "clock_jumps",    "loses_data",    "peers",
    "features",     "slots",          "backlog",        "buffers",       "buffer_size",
    "max_pending",  "pending_total",  "entries",        "completions",   "receive_window",
    "send_window",  "idle_timeout",   "linger_timeout", "descriptors",   "length",
    "ending",       "behaviour",      "start",          "amount",        "piece",
    "pause",        "read_size",      "reset_at",       "rounds",        "stays",
    "warm_bytes",   "session",        "socket_fails",   "connect_fails", "connect_late",
    "upstream",     "upstream_pace",  "busy",           "batch_wait",    "batch_window",
    "few_buffers"};

} // namespace

std::string_view name_of(Choice choice) noexcept { return names[static_cast<std::size_t>(choice)]; }

std::optional<Choice> choice_named(std::string_view name) noexcept {
    auto const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Choice>(found - names.begin());
}

} // namespace kodama::simulation
