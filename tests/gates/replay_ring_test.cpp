// What is measured on it is worth something only if a kernel could have done the same.
#include <support/catch.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

#include <app/echo.hpp>
#include <bench/micro/replay_ring.hpp>
#include <bench/micro/replayed_server.hpp>
#include <kodama/ring/checked_ring.hpp>
#include <kodama/server/session.hpp>

using namespace kodama;
using namespace kodama::bench;

namespace {

constexpr std::uint64_t echoes_wanted = 1000;

// A life from the first accept to the end of a drain, on a ring that asserts its protocol.
ReplayRing::Counts live(ReplayRing::Traffic const& traffic, FeatureSet features) {
    ReplayRing replayed(traffic);
    CheckedRing ring(replayed, ReplayRing::entries_max, ReplayRing::completions_max,
                     features.has(Feature::direct_descriptors));
    LiveCounters counters;
    WorkerLimits const limits = replayed_limits(traffic.connections);
    Worker worker(ring, features, limits, session_hooks<app::Echo>, {ReplayRing::listener},
                  counters, {});
    worker.start();
    while (replayed.counts().echoes < echoes_wanted)
        worker.turn();
    replayed.end_traffic();
    worker.request(Worker::Command::drain, never);
    while (!worker.finished())
        worker.turn();
    Counters const counted = counters.snapshot();
    CHECK(counted[Counter::accepted] == traffic.connections);
    CHECK(counted[CloseReason::drained] == traffic.connections);
    CHECK(counted[Counter::bytes_sent] == counted[Counter::bytes_received]);
    CHECK(counted[Counter::stale_completions] == 0);
    return replayed.counts();
}

} // namespace

TEST_CASE("the replayed kernel keeps to the protocol, whatever it serves") {
    std::uint32_t const connections = GENERATE(1u, 3u, 16u, 256u);
    std::uint32_t const message_size = GENERATE(1u, 64u, 8192u, 8193u, 65536u);
    std::uint32_t const batch = GENERATE(1u, 7u, 256u);
    bool const modern = GENERATE(true, false);
    INFO(connections << " connections, " << message_size << " bytes, " << batch << " at once");
    FeatureSet const features = modern ? FeatureSet::all() : FeatureSet();

    ReplayRing::Traffic const traffic{
        .connections = connections, .message_size = message_size, .batch = batch};
    ReplayRing::Counts const first = live(traffic, features);
    CHECK(first.echoes >= echoes_wanted);
    CHECK(first.closed == connections);
    // Everything else would make the gates fail now and then.
    CHECK(live(traffic, features) == first);
}

// The whole way from the CPU time of a turn to how the next one waits.
TEST_CASE("a worker looks before it sleeps where that takes less CPU time, and only there") {
    using namespace std::chrono_literals;
    bool const cheaper = GENERATE(true, false);
    ReplayRing::Traffic const traffic{
        .connections = 1, .sleeping = 10us, .looking = cheaper ? 5us : 20us};
    WorkerLimits limits = replayed_limits(1);
    limits.busy_poll = std::nullopt;
    ReplayedServer server(traffic, session_hooks<app::Echo>, FeatureSet::all(), limits);
    server.run(10'000);
    std::uint64_t const looks = server.counts().looks;
    CHECK(looks > 0);
    CHECK((cheaper ? looks > 5000 : looks < 500));

    limits.busy_poll = 0us;
    ReplayedServer sleeping(traffic, session_hooks<app::Echo>, FeatureSet::all(), limits);
    sleeping.run(10'000);
    CHECK(sleeping.counts().looks == 0);
}
