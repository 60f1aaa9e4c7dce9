// Echoes on a ring that replays completions, and prints as JSON what that took. tests/gates/run
// compares it with what it took before, and lets callgrind count the instructions between the
// marks.
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <utility>

#include <app/echo.hpp>
#include <bench/micro/replayed_server.hpp>
#include <kodama/protocol/coroutine.hpp>
#include <kodama/server/session.hpp>
#include <support/counting_new.hpp>

using namespace kodama;
using namespace kodama::bench;

namespace {

struct Scenario {
    char const* name;
    ReplayRing::Traffic traffic;
    std::uint64_t echoes; // as often as makes whole turns
    SessionHooks const& hooks = session_hooks<app::Echo>;
};

Task coroutine(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive();
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

constexpr Scenario scenarios[] = {
    {"1 connection, 64 B", {.connections = 1, .message_size = 64, .batch = 1}, 2048},
    {"16 connections, 64 B", {.connections = 16, .message_size = 64, .batch = 16}, 2048},
    {"256 connections, 64 B", {.connections = 256, .message_size = 64, .batch = 256}, 2048},
    {"1 connection, 64 KiB", {.connections = 1, .message_size = 65536, .batch = 1}, 256},
    {"16 connections, 64 B, coroutines",
     {.connections = 16, .message_size = 64, .batch = 16},
     2048,
     session_hooks<Coroutine<coroutine>>},
};

// Bytes that a worker allocates for as many places.
std::uint64_t bytes_of_worker(std::uint32_t places, FeatureSet features) {
    ReplayRing ring({});
    LiveCounters counters;
    WorkerLimits limits = replayed_limits(1);
    limits.max_connections = places;
    std::uint64_t const before = testing::allocated_bytes();
    Worker const worker(ring, features, limits, session_hooks<app::Echo>, {}, counters, {});
    return testing::allocated_bytes() - before;
}

// What one more place takes is what an idle connection takes: its slot, its session, and its share
// of whatever the worker keeps for each.
std::uint64_t bytes_of_connection(FeatureSet features) {
    constexpr std::uint32_t places = 1000;
    std::uint64_t const difference =
        bytes_of_worker(2 * places, features) - bytes_of_worker(places, features);
    return (difference + places - 1) / places;
}

} // namespace

// Callgrind writes down what it has counted at each call.
extern "C" [[gnu::noinline]] void kodama_gate_mark();
void kodama_gate_mark() { asm volatile(""); }

namespace {

void run(Scenario const& scenario, bool last) {
    ReplayedServer server(scenario.traffic, scenario.hooks);
    // The first round may find lists and pools in another order than those that follow.
    server.run(scenario.echoes);
    std::uint64_t const allocations_before = testing::allocations();
    ReplayRing::Counts const before = server.counts();
    kodama_gate_mark();
    server.run(scenario.echoes);
    kodama_gate_mark();
    ReplayRing::Counts const after = server.counts();
    server.drain();
    std::printf("  \"%s\": {\"echoes\": %ju, \"entries\": %ju, \"completions\": %ju, "
                "\"enters\": %ju, \"allocations\": %ju}%s\n",
                scenario.name, std::uintmax_t{after.echoes - before.echoes},
                std::uintmax_t{after.entries - before.entries},
                std::uintmax_t{after.completions - before.completions},
                std::uintmax_t{after.enters - before.enters},
                std::uintmax_t{testing::allocations() - allocations_before}, last ? "" : ",");
}

} // namespace

int main() {
    std::printf("{\"bytes\": {\"connection\": %ju, \"connection with a descriptor\": %ju},\n"
                " \"counts\": {\n",
                std::uintmax_t{bytes_of_connection(FeatureSet::all())},
                std::uintmax_t{bytes_of_connection(FeatureSet())});
    for (Scenario const& scenario : scenarios)
        run(scenario, &scenario == &scenarios[std::size(scenarios) - 1]);
    std::printf(" }}\n");
    return 0;
}
