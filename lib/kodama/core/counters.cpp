#include <kodama/core/counters.hpp>

namespace kodama {

namespace {

constexpr std::array<std::string_view, counter_count> counter_names{"turns",
                                                                    "completions",
                                                                    "batched_turns",
                                                                    "stale_completions",
                                                                    "accepted",
                                                                    "outgoing",
                                                                    "outgoing_refused",
                                                                    "accepts_armed",
                                                                    "accept_pauses_table",
                                                                    "accept_pauses_descriptors",
                                                                    "accept_pauses_memory",
                                                                    "refused",
                                                                    "receives_armed",
                                                                    "receives",
                                                                    "bytes_received",
                                                                    "sends",
                                                                    "bytes_sent",
                                                                    "sends_blocked",
                                                                    "bytes_copied",
                                                                    "bytes_discarded",
                                                                    "parks",
                                                                    "held_back",
                                                                    "cancels",
                                                                    "errands",
                                                                    "connections_open",
                                                                    "buffers_out",
                                                                    "buffers_sending",
                                                                    "buffers_resting"};

constexpr std::array<std::string_view, close_reason_count> close_reason_names{
    "peer_finished", "session_closed", "session_aborted", "session_failed",
    "peer_gone",     "connect_failed", "send_timeout",    "idle_timeout",
    "evicted",       "overrun",        "drained",         "stopped"};

} // namespace

std::string_view name_of(Counter counter) noexcept {
    return counter_names[static_cast<std::size_t>(counter)];
}

std::string_view name_of(CloseReason reason) noexcept {
    return close_reason_names[static_cast<std::size_t>(reason)];
}

Counters& Counters::operator+=(Counters const& other) noexcept {
    for (std::size_t i = 0; i < values_.size(); ++i)
        values_[i] += other.values_[i];
    for (std::size_t i = 0; i < closed_.size(); ++i)
        closed_[i] += other.closed_[i];
    return *this;
}

Counters LiveCounters::snapshot() const noexcept {
    Counters copy;
    for (std::size_t i = 0; i < values_.size(); ++i) {
        copy.values_[i] = values_[i].load(std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < closed_.size(); ++i) {
        copy.closed_[i] = closed_[i].load(std::memory_order_relaxed);
    }
    return copy;
}

} // namespace kodama
