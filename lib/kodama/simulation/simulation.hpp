// One simulated run: a server, its kernel, its peers, from the first connection to the last.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <kodama/core/counters.hpp>
#include <kodama/core/worker.hpp>
#include <kodama/simulation/coverage.hpp>
#include <kodama/simulation/network.hpp>
#include <kodama/simulation/peer.hpp>
#include <kodama/simulation/plan.hpp>
#include <kodama/simulation/program.hpp>
#include <kodama/simulation/simulated_ring.hpp>
#include <kodama/simulation/sometimes.hpp>
#include <kodama/simulation/tape.hpp>
#include <kodama/simulation/upstream.hpp>

namespace kodama::simulation {

// What runs have met, of all runs together. A plain aggregate that may lie in shared memory.
struct Findings {
    std::uint64_t runs = 0;
    std::uint64_t turns = 0;
    std::uint64_t bytes_echoed = 0;
    SometimesCounts sometimes;
    CoverageCounts coverage;
};

// First faults happen (safety: nothing wrong may ever be seen); then they end, every peer reads,
// and everything has to come to its end (liveness). Invariants are checked after every turn of the
// worker; those that concern a single entry or completion are RingProtocol's.
//
// A violated assertion of the server ends the process, so whoever wants to go on afterwards runs it
// in a process of its own (Explorer).
class Simulation final : private Outside {
public:
    // `watcher` may be null; it sees the traffic of the ring.
    Simulation(Program const& program, Tape& tape, Findings& findings, Watcher* watcher);
    ~Simulation() override;

    // Empty when all was well, else what was not.
    [[nodiscard]] std::string run();

    [[nodiscard]] Plan const& plan() const noexcept { return plan_; }
    [[nodiscard]] Network const& network() const noexcept { return network_; }

private:
    // --- simulation.cpp: the phases
    [[nodiscard]] TimePoint next_event() const override;
    void run(TimePoint now) override;
    void turn();
    void fail(std::string what);
    void run_with_faults();
    void heal();
    void begin_drain();
    void begin_stop();
    void run_to_the_end();
    [[nodiscard]] bool peers_done() const noexcept;
    [[nodiscard]] bool somebody_stays() const noexcept;
    [[nodiscard]] std::string who_is_left() const;
    void note_findings();

    // --- judgement.cpp: what must hold after each turn, and in the end
    void judge_turn();
    void judge_end();
    void judge_memory(Counters const& counters);
    void judge_progress();
    void judge_experience(Peer const& peer, Experience const& experience,
                          std::vector<std::string>& resets);
    void judge_ending(Counters const& counters);
    void judge_relayed_memory(Counters const& counters);
    void judge_relayed_ends(Counters const& counters);
    [[nodiscard]] bool relay_may_cut() noexcept;
    [[nodiscard]] bool hurried() const noexcept;
    [[nodiscard]] bool was_idle(Socket const& socket) const noexcept;
    [[nodiscard]] bool in_a_hurry(Peer const& peer) const noexcept;
    [[nodiscard]] bool may_be_cut(Peer const& peer, Experience const& experience) const;
    [[nodiscard]] std::uint64_t resets_that_were_due(Counters const& counters) const noexcept;

    Program program_;
    Tape& tape_;
    Findings& findings_;
    SometimesCounts sometimes_; // of this run
    Plan plan_;
    Network network_;
    SimulatedRing ring_;
    Coverage coverage_;
    std::vector<int> listeners_;
    std::deque<Peer> peers_;
    Upstream upstream_;
    LiveCounters counters_;
    std::shared_ptr<void> shared_; // by the sessions
    std::unique_ptr<Worker> worker_;

    std::string failure_;
    std::uint64_t turns_ = 0;
    std::uint64_t actions_ = 0; // of all peers
    std::uint64_t relayed_cuts_ = 0;
    std::uint64_t progress_seen_ = 0;
    std::uint64_t turns_without_progress_ = 0;
    bool draining_ = false;
    bool drained_during_faults_ = false;
    bool stopped_ = false;
    TimePoint stopped_at_{};
    std::vector<std::uint64_t> arrived_before_drain_; // of each connection
};

} // namespace kodama::simulation
