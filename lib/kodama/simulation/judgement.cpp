// What must hold after each turn, and in the end.
#include <kodama/simulation/simulation.hpp>

#include <algorithm>

namespace kodama::simulation {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

} // namespace

// --- after each turn

void Simulation::judge_turn() {
    Counters const counters = counters_.snapshot();
    // I2: each buffer is the kernel's, or in a completion, or held by sessions and send queues, or
    // it rests.
    std::uint64_t const out = counters[Counter::buffers_out] + counters[Counter::buffers_sending];
    std::uint64_t const resting = counters[Counter::buffers_resting];
    if (ring_.buffers_held() + out + resting != plan_.limits.buffer_count) {
        fail(number(ring_.buffers_held()) + " buffers with the kernel, " + number(out) +
             " out and " + number(resting) + " resting do not make " +
             number(plan_.limits.buffer_count));
    }
    // They rest only while the others suffice.
    if (resting > 0 && ring_.buffers_held() + counters[Counter::buffers_sending] == 0) {
        fail("all buffers rest that are not out");
    }
    // I10: no more connections than places, one of which each listening socket may wait for.
    std::uint64_t const open = counters[Counter::connections_open];
    if (open >= plan_.limits.max_connections + plan_.listeners + plan_.limits.max_outgoing) {
        fail(number(open) + " connections are too many");
    }
    if (ring_.connections_dropped() > 0) fail("a connection was accepted and had no place");
    if (counters[Counter::refused] > 0) fail("a connection was accepted and refused");
    // I13: whoever was accepted is open or was closed for a reason.
    std::uint64_t closed = 0;
    for (std::size_t i = 0; i < close_reason_count; ++i)
        closed += counters[static_cast<CloseReason>(i)];
    std::uint64_t const accepted = counters[Counter::accepted] + counters[Counter::outgoing];
    if (closed > accepted || accepted > closed + open) {
        fail(number(accepted) + " accepted or opened, but " + number(closed) + " closed and " +
             number(open) + " open");
    }
    judge_memory(counters);
    if (program_.relays) judge_relayed_memory(counters);
    judge_progress();
}

// I8: what the server holds is bounded, of each connection and of all.
void Simulation::judge_memory(Counters const& counters) {
    if (!program_.echoes) return;
    std::uint64_t const burst = std::uint64_t{plan_.limits.buffer_count} * plan_.limits.buffer_size;
    std::uint64_t const discarded = counters[Counter::bytes_discarded];
    std::uint64_t const gone = counters[Counter::bytes_sent] + discarded;
    std::uint64_t const held = counters[Counter::bytes_received] - gone;
    if (held > plan_.limits.pending_total + burst) fail("it holds " + number(held) + " bytes");
    // Which connection's bytes were discarded, nobody knows.
    for (std::size_t i = 0; discarded == 0 && i < network_.connection_count(); ++i) {
        Socket const& socket = network_.socket(static_cast<ConnectionNumber>(i));
        if (socket.over || socket.server_closed) continue;
        std::uint64_t const held_here = socket.taken - socket.sent;
        // What it has taken out of its way, and as much again in buffers and unread completions.
        if (socket.taken > socket.sent + plan_.limits.max_pending + 2 * burst) {
            fail("it holds " + number(held_here) + " bytes of connection " + number(i));
        }
    }
}

// I9: it does not go round and round while nothing happens.
void Simulation::judge_progress() {
    std::uint64_t const progress = ring_.progress() + actions_ + tape_.faults();
    if (progress != progress_seen_) {
        progress_seen_ = progress;
        turns_without_progress_ = 0;
        return;
    }
    // Each connection may take some turns of its own to be ended.
    std::uint64_t const allowed =
        30 + 10 * (plan_.limits.max_connections + plan_.limits.max_outgoing);
    if (++turns_without_progress_ > allowed) {
        fail("the server is busy with nothing: " + number(turns_without_progress_) + " turns; " +
             who_is_left());
    }
}

// --- in the end

void Simulation::judge_end() {
    Counters const counters = counters_.snapshot();
    // Only the read that waits to be woken is left.
    if (ring_.requests() > 1) fail(number(ring_.requests()) + " requests are left in the end");
    if (ring_.open_descriptors() != 0) {
        fail(number(ring_.open_descriptors()) + " descriptors are open in the end");
    }
    if (counters[Counter::buffers_out] + counters[Counter::buffers_sending] != 0) {
        fail(number(counters[Counter::buffers_out]) + " buffers are out in the end");
    }
    if (counters[Counter::connections_open] != 0) fail("connections are open in the end");
    if (program_.echoes) {
        std::uint64_t const received = counters[Counter::bytes_received];
        std::uint64_t const left =
            counters[Counter::bytes_sent] + counters[Counter::bytes_discarded];
        if (received != left) {
            fail(number(received) + " bytes received, but " + number(left) + " sent or discarded");
        }
    }
    judge_ending(counters);
    if (program_.relays) judge_relayed_ends(counters);
    std::vector<std::string> resets;
    for (Peer const& peer : peers_) {
        for (Experience const& experience : peer.experiences())
            judge_experience(peer, experience, resets);
    }
    if (resets.size() > resets_that_were_due(counters)) {
        fail(number(resets.size()) + " peers were reset, " +
             number(resets_that_were_due(counters)) + " of them for a reason; the first was " +
             resets.front());
    }
}

std::uint64_t Simulation::resets_that_were_due(Counters const& counters) const noexcept {
    return counters[CloseReason::evicted] + counters[CloseReason::stopped] +
           counters[CloseReason::session_failed] + counters[CloseReason::session_aborted] +
           counters[CloseReason::overrun] + counters[Counter::refused];
}

void Simulation::judge_experience(Peer const& peer, Experience const& experience,
                                  std::vector<std::string>& resets) {
    Socket const* const socket =
        experience.end == End::refused ? nullptr : &network_.socket(experience.connection);
    bool const lost = socket != nullptr && socket->lost;
    switch (experience.end) {
    case End::answered:
    case End::left:
        return;
    case End::none:
        // It may not know yet that it was closed.
        if (peer.stay() == Stay::deaf) return;
        return fail("in the end, " + peer.describe());
    case End::refused:
        if (plan_.ending != Ending::peers_leave || draining_) return;
        return fail(peer.describe() + ": it was refused while the server was there");
    case End::reset:
        if (lost || in_a_hurry(peer) || was_idle(*socket)) return;
        resets.push_back("connection " + number(experience.connection) + " of peer " +
                         number(peer.subject()) + " after it had said " + number(experience.said) +
                         " bytes" + (experience.finished ? " and FIN" : "") + " and heard " +
                         number(experience.heard));
        return;
    case End::cut:
        if (lost || may_be_cut(peer, experience) || relay_may_cut()) return;
        return fail("connection " + number(experience.connection) + " of peer " +
                    number(peer.subject()) + " was finished after " + number(experience.heard) +
                    " bytes of answer to " + number(experience.said) + " bytes" +
                    (experience.finished ? " and FIN" : ""));
    }
}

// Whether the server ended the connection because nothing came or went.
bool Simulation::was_idle(Socket const& socket) const noexcept {
    Duration const timeout = plan_.limits.idle_timeout;
    // What comes while the queue overflows or the clock jumps, the server is told afterwards.
    bool const told_late =
        sometimes_.counts[static_cast<std::size_t>(Sometimes::completions_overflowed)] > 0;
    if (timeout > Duration::zero() && told_late) return true;
    // What is discarded does not count, and a drained relay discards for as long as its partner
    // has something to say.
    if (timeout > Duration::zero() && program_.relays && draining_) return true;
    // A silent send counts for the server when it is queued, and here when it is submitted.
    constexpr auto of_a_turn = std::chrono::microseconds(100);
    Duration idle = socket.longest_idle;
    // One that is closing only counts what it sends: what it receives, it discards. An echo server
    // closes on its own account in a drain only.
    if (draining_ || !program_.echoes) idle = std::max(idle, socket.reset_after);
    return timeout > Duration::zero() && idle + ring_.jumped() + of_a_turn >= timeout;
}

// Whether the server was given too little time to let everybody come to an end.
bool Simulation::in_a_hurry(Peer const& peer) const noexcept {
    if (stopped_) return true;
    if (!draining_ || (plan_.ending == Ending::peers_leave && peer.stay() == Stay::no)) {
        return false;
    }
    return drained_during_faults_ || hurried();
}

bool Simulation::hurried() const noexcept {
    constexpr auto enough = std::chrono::milliseconds(200);
    return plan_.drain_timeout < enough || plan_.limits.linger_timeout < enough;
}

// It ends in time, and a drain by itself where everybody reads.
void Simulation::judge_ending(Counters const& counters) {
    constexpr auto soon = std::chrono::seconds(1);
    if (stopped_) {
        if (ring_.now() - stopped_at_ > soon) fail("to stop took more than a second");
        return;
    }
    bool const deaf = std::any_of(peers_.begin(), peers_.end(),
                                  [](Peer const& peer) { return peer.stay() == Stay::deaf; });
    std::uint64_t const reset = counters[CloseReason::stopped];
    if (deaf || hurried() || drained_during_faults_ || reset == 0) return;
    fail("the drain reset " + number(reset) + " connections although everybody reads");
}

// Whether the server was right to finish before the peer had, or had to give up.
bool Simulation::may_be_cut(Peer const& peer, Experience const& experience) const {
    if (in_a_hurry(peer)) return true;
    // The kernel dropped it, for its table was full.
    if (!network_.socket(experience.connection).accepted) return true;
    if (was_idle(network_.socket(experience.connection))) return true;
    Counters const counters = counters_.snapshot();
    bool const left_alone = plan_.ending == Ending::peers_leave && peer.stay() == Stay::no;
    if (!draining_ || left_alone) return false;
    if (counters[CloseReason::stopped] > 0 || program_.answers_later) return true;
    // What had arrived when the drain began is answered.
    std::uint64_t const arrived = experience.connection < arrived_before_drain_.size()
                                      ? arrived_before_drain_[experience.connection]
                                      : 0;
    return experience.heard >= program_.dialogue->due(experience.connection, arrived);
}

} // namespace kodama::simulation
