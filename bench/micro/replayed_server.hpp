// A worker whose peers are replayed.
#pragma once

#include <cstdint>

#include <bench/micro/replay_ring.hpp>
#include <kodama/core/counters.hpp>
#include <kodama/core/hooks.hpp>
#include <kodama/core/worker.hpp>
#include <kodama/ring/features.hpp>

namespace kodama::bench {

// The limits are those that a server has by default, but for what would only take memory.
[[nodiscard]] inline WorkerLimits replayed_limits(std::uint32_t connections) {
    constexpr std::uint32_t backlog = 128;
    return {.max_connections = connections + 4 * backlog, // room enough for a multishot accept
            .backlog = backlog,
            .buffer_count = 256,
            .buffer_size = 8192,
            .max_pending = 64u * 1024,
            .pending_total = 8u * 1024 * 1024,
            .linger_timeout = Duration::zero(),
            .idle_timeout = Duration::zero()};
}

// Serves as soon as it is made, with every peer connected once the first message has come back from
// each. Its end is a drain.
class ReplayedServer {
public:
    ReplayedServer(ReplayRing::Traffic const& traffic, SessionHooks const& hooks,
                   FeatureSet features = FeatureSet::all())
        : ReplayedServer(traffic, hooks, features, replayed_limits(traffic.connections)) {}
    ReplayedServer(ReplayRing::Traffic const& traffic, SessionHooks const& hooks,
                   FeatureSet features, WorkerLimits const& limits)
        : ring_(traffic),
          worker_(ring_, features, limits, hooks, {ReplayRing::listener}, counters_, {}) {
        worker_.start();
        run(traffic.connections);
    }
    ReplayedServer(ReplayedServer const&) = delete;
    ReplayedServer& operator=(ReplayedServer const&) = delete;
    ~ReplayedServer() { drain(); }

    void turn() noexcept { worker_.turn(); }

    // Turns until so many more messages have come back whole.
    void run(std::uint64_t echoes) noexcept {
        std::uint64_t const target = ring_.counts().echoes + echoes;
        while (ring_.counts().echoes < target)
            worker_.turn();
    }

    void drain() noexcept {
        ring_.end_traffic();
        worker_.request(Worker::Command::drain, never);
        while (!worker_.finished())
            worker_.turn();
    }

    [[nodiscard]] ReplayRing::Counts const& counts() const noexcept { return ring_.counts(); }

private:
    ReplayRing ring_;
    LiveCounters counters_;
    Worker worker_;
};

} // namespace kodama::bench
