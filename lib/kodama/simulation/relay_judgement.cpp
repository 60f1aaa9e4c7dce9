// What must hold where sessions open connections and forward between them.
#include <kodama/simulation/simulation.hpp>

namespace kodama::simulation {

// What it holds of both directions is bounded, while nobody has left: nothing was thrown away then.
void Simulation::judge_relayed_memory(Counters const& counters) {
    if (draining_ || stopped_ || counters[Counter::bytes_discarded] > 0) return;
    std::uint64_t taken = 0;
    std::uint64_t sent = 0;
    for (std::size_t i = 0; i < network_.connection_count(); ++i) {
        Socket const& socket = network_.socket(static_cast<ConnectionNumber>(i));
        if (socket.over || socket.server_closed) return;
        taken += socket.taken;
        sent += socket.sent;
    }
    std::uint64_t const burst = std::uint64_t{plan_.limits.buffer_count} * plan_.limits.buffer_size;
    std::uint64_t const open = counters[Counter::connections_open];
    if (taken <= sent + open * (plan_.limits.max_pending + burst) + 2 * burst) return;
    fail("it holds " + std::to_string(taken - sent) + " bytes of " + std::to_string(open) +
         " connections");
}

// A session aborts its connection only because the other one of the pair failed, and resets an
// upstream server only then.
void Simulation::judge_relayed_ends(Counters const& counters) {
    // What arrives for one that was idle too long is lost, and both are aborted: nobody failed.
    if (plan_.limits.idle_timeout > Duration::zero()) return;
    std::uint64_t const failed =
        counters[CloseReason::peer_gone] + counters[CloseReason::send_timeout] +
        counters[CloseReason::session_failed] + counters[CloseReason::evicted] +
        counters[CloseReason::connect_failed] + counters[CloseReason::overrun] +
        counters[CloseReason::stopped];
    std::uint64_t const aborted = counters[CloseReason::session_aborted];
    if (aborted > failed) {
        fail(std::to_string(aborted) + " connections were aborted, but only " +
             std::to_string(failed) + " failed");
    }
    std::uint64_t const due = aborted + failed;
    if (upstream_.was_reset() > due) {
        fail(std::to_string(upstream_.was_reset()) + " upstream connections were reset, " +
             std::to_string(due) + " of them for a reason");
    }
}

// A client is finished before it has everything only where its upstream server was not reached or
// finished too early, or had no connection any more.
bool Simulation::relay_may_cut() noexcept {
    if (!program_.relays) return false;
    Counters const counters = counters_.snapshot();
    std::uint64_t const due = counters[CloseReason::connect_failed] + upstream_.early_ends() +
                              counters[Counter::outgoing_refused] +
                              counters[CloseReason::idle_timeout];
    return ++relayed_cuts_ <= due;
}

} // namespace kodama::simulation
