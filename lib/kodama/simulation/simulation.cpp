#include <kodama/simulation/simulation.hpp>

#include <algorithm>
#include <new>

namespace kodama::simulation {

namespace {

// Far more than any run takes that comes to an end at all.
constexpr std::uint64_t turns_max = 1'000'000;

// As drawn, and as the program needs it.
Plan plan_for(Program const& program, Tape& tape) {
    Plan plan = draw_plan(tape);
    if (program.generates) {
        constexpr std::size_t steps = 30; // in which all that is queued can leave
        std::size_t const queued = plan.limits.max_pending +
                                   std::size_t{plan.limits.buffer_count} * plan.limits.buffer_size;
        plan.windows.outbound = std::max(plan.windows.outbound, queued / steps);
    }
    if (!program.relays) return plan;
    // A place for each connection that is accepted, and descriptors as few or as many as they were.
    plan.limits.max_outgoing = plan.limits.max_connections + plan.listeners - 1;
    plan.limits.send_timeout = std::chrono::seconds(30);
    plan.ring.windows = plan.windows;
    plan.ring.descriptors *= 2;
    return plan;
}

} // namespace

Simulation::Simulation(Program const& program, Tape& tape, Findings& findings, Watcher* watcher)
    : program_(program),
      tape_(tape),
      findings_(findings),
      plan_(plan_for(program, tape)),
      ring_(network_, tape, *this, sometimes_, plan_.ring),
      coverage_(findings.coverage, watcher),
      upstream_(network_, tape) {
    for (std::uint32_t i = 0; i < plan_.listeners; ++i)
        listeners_.push_back(network_.listen(plan_.limits.backlog));
    // Whoever stays keeps a place that others may wait for.
    std::uint32_t const descriptors = plan_.ring.descriptors / (program.relays ? 2 : 1);
    std::uint32_t const places = std::min(plan_.limits.max_connections, descriptors);
    Peer::World const world{.dialogue = *program_.dialogue,
                            .listeners = listeners_,
                            .windows = plan_.windows,
                            .most_bytes = plan_.most_bytes,
                            .behaviour = plan_.behaviour,
                            .stay = plan_.stay,
                            .may_stay = places >= plan_.peers};
    for (std::uint32_t i = 0; i < plan_.peers; ++i)
        peers_.emplace_back(network_, tape, world, static_cast<Subject>(i + 1));
    ring_.watch(&coverage_);
}

Simulation::~Simulation() {
    // A server that failed is in no state to be taken down.
    if (failure_.empty()) return;
    static_cast<void>(worker_.release());
    // Its sessions may still use what they share.
    if (shared_ != nullptr) {
        static_cast<void>(new (std::nothrow) std::shared_ptr<void>(shared_));
    }
}

std::string Simulation::run() {
    EventHandler const nobody;
    if (program_.make_shared != nullptr) shared_ = program_.make_shared();
    worker_ = std::make_unique<Worker>(ring_, plan_.features, plan_.limits, *program_.hooks,
                                       listeners_, counters_, nobody, shared_.get());
    worker_->start();
    run_with_faults();
    if (failure_.empty()) heal();
    if (failure_.empty()) run_to_the_end();
    if (failure_.empty()) judge_end();
    note_findings();
    return failure_;
}

void Simulation::fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
}

// --- the outside, while the worker sleeps

TimePoint Simulation::next_event() const {
    TimePoint next = program_.relays ? upstream_.next_event() : never;
    for (Peer const& peer : peers_)
        next = std::min(next, peer.next_event());
    return next;
}

void Simulation::run(TimePoint now) {
    for (Peer& peer : peers_) {
        std::uint64_t const before = peer.actions();
        std::string complaint = peer.run(now);
        actions_ += peer.actions() - before;
        if (!complaint.empty()) fail(std::move(complaint));
    }
    if (!program_.relays) return;
    std::uint64_t const before = upstream_.actions();
    upstream_.run(now);
    actions_ += upstream_.actions() - before;
}

// --- phases

void Simulation::turn() {
    worker_->turn();
    ++turns_;
    judge_turn();
}

void Simulation::run_with_faults() {
    while (turns_ < plan_.length && failure_.empty() && !peers_done()) {
        turn();
        if (ring_.asleep_for_ever()) return; // peers that wait for the end of the faults
        bool const in_the_middle = turns_ >= plan_.length / 2;
        if (plan_.ending == Ending::drain_during_faults && in_the_middle && !draining_) {
            drained_during_faults_ = true;
            begin_drain();
        }
    }
}

void Simulation::heal() {
    tape_.heal();
    for (Peer& peer : peers_)
        peer.heal(ring_.now());
    upstream_.heal(ring_.now());
    if (plan_.ending == Ending::stop) return begin_stop();
    if (plan_.ending != Ending::peers_leave && !draining_) begin_drain();
}

void Simulation::begin_stop() {
    stopped_ = true;
    stopped_at_ = ring_.now();
    worker_->request(Worker::Command::stop, never);
}

void Simulation::begin_drain() {
    draining_ = true;
    for (std::size_t i = 0; i < network_.connection_count(); ++i) {
        Socket const& socket = network_.socket(static_cast<ConnectionNumber>(i));
        arrived_before_drain_.push_back(socket.arrived);
        bool const unread = !socket.server_closed && !socket.inbound.empty();
        if (unread) sometimes_.note(Sometimes::drained_with_data_arrived);
    }
    worker_->request(Worker::Command::drain, ring_.now() + plan_.drain_timeout);
}

void Simulation::run_to_the_end() {
    constexpr std::uint64_t turns_of_drain = 10;
    std::uint64_t const healed_at = turns_;
    while (failure_.empty() && !worker_->finished()) {
        turn();
        if (turns_ > turns_max) {
            return fail("it does not come to an end: " + std::to_string(turns_) + " turns");
        }
        bool const second_signal = plan_.ending == Ending::drain_then_stop && !stopped_;
        bool const all_left = peers_done() && (ring_.open_descriptors() == 0 || somebody_stays());
        if (plan_.ending == Ending::peers_leave && all_left && !draining_) {
            begin_drain();
        } else if (second_signal && turns_ > healed_at + turns_of_drain) {
            begin_stop();
        } else if (ring_.asleep_for_ever() && !worker_->finished()) {
            return fail("the server sleeps for ever: " + who_is_left());
        }
    }
    // What the server has sent last, and its ends of the connections.
    while (failure_.empty() && next_event() != never)
        run(std::max(next_event(), ring_.now()));
}

bool Simulation::peers_done() const noexcept {
    return std::all_of(peers_.begin(), peers_.end(), [&](Peer const& peer) {
        return peer.done() || (tape_.healed() && peer.stay() != Stay::no);
    });
}

bool Simulation::somebody_stays() const noexcept {
    return std::any_of(peers_.begin(), peers_.end(),
                       [](Peer const& peer) { return peer.stay() != Stay::no; });
}

std::string Simulation::who_is_left() const {
    std::string text;
    for (Peer const& peer : peers_) {
        if (peer.done() || peer.stay() != Stay::no) continue;
        if (!text.empty()) text += "; ";
        text += peer.describe();
    }
    if (!text.empty()) return text;
    return std::to_string(ring_.open_descriptors()) + " connections are still open";
}

void Simulation::note_findings() {
    Counters const counters = counters_.snapshot();
    auto const note = [&](Sometimes what, std::uint64_t times) { sometimes_.note(what, times); };
    note(Sometimes::stale_completion, counters[Counter::stale_completions]);
    note(Sometimes::evicted, counters[CloseReason::evicted]);
    note(Sometimes::parked, counters[Counter::parks]);
    note(Sometimes::accept_paused, counters[Counter::accept_pauses_table] +
                                       counters[Counter::accept_pauses_descriptors] +
                                       counters[Counter::accept_pauses_memory]);
    note(Sometimes::connection_held_back, counters[Counter::held_back]);
    note(Sometimes::upstream_reset, upstream_.resets());
    note(Sometimes::upstream_finished_early, upstream_.early_ends());
    note(Sometimes::idle_connection_closed, counters[CloseReason::idle_timeout]);
    std::uint64_t const stopped = counters[CloseReason::stopped];
    note(stopped_ ? Sometimes::stopped_with_connections : Sometimes::drain_met_deadline, stopped);
    ++findings_.runs;
    findings_.turns += turns_;
    findings_.bytes_echoed += counters[Counter::bytes_sent];
    for (std::size_t i = 0; i < sometimes_count; ++i)
        findings_.sometimes.counts[i] += sometimes_.counts[i];
}

} // namespace kodama::simulation
