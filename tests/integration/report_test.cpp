// Figures that depend on the machine: printed, not asserted. Only at full scale.
#include <support/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/kodama_process.hpp>
#include <support/load.hpp>
#include <support/process_info.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

double cpu_seconds(pid_t process) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(process, &clock) != 0) return 0;
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

} // namespace

TEST_CASE("report: an echo's latency while five hundred clients never read") {
    if (scale() != Scale::full) KODAMA_SKIP("only with KODAMA_TEST_SCALE=full");
    TestServer<Echo> server{test_options()};
    std::vector<Client> deaf;
    for (std::uint64_t i = 0; i < 500; ++i) {
        deaf.push_back(server.connect({.receive_buffer = 4096}));
        REQUIRE_NOTHROW(block(server, deaf.back(), Payload(test_seed(), i)));
    }
    Client canary = server.connect();
    std::vector<Clock::duration> latencies;
    for (int i = 0; i < 20'000; ++i) {
        Clock::time_point const begin = Clock::now();
        canary.send_all("canary");
        REQUIRE(canary.receive_exactly(6) == "canary");
        latencies.push_back(Clock::now() - begin);
    }
    std::sort(latencies.begin(), latencies.end());
    std::printf(
        "report: canary beside 500 that never read: p50 %.0f us, p99 %.0f us, max %.0f us\n",
        microseconds(latencies[latencies.size() / 2]),
        microseconds(latencies[latencies.size() * 99 / 100]), microseconds(latencies.back()));
}

TEST_CASE("report: what an echo costs a saturated server") {
    if (scale() != Scale::full) KODAMA_SKIP("only with KODAMA_TEST_SCALE=full");
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess process({"--workers", "1"});
    double const before = cpu_seconds(process.pid());
    constexpr std::uint64_t bytes = 4u << 20;
    REQUIRE_NOTHROW(run({.server = loopback(process.port()),
                         .connections = 100,
                         .bytes = bytes,
                         .segment_max = 4096,
                         .in_flight_max = 4096}));
    double const used = cpu_seconds(process.pid()) - before;
    std::printf("report: saturated by 100 connections, at most 4 KiB each in flight: %.2f s of CPU "
                "time for %.0f MiB, %.2f ns a byte\n",
                used, 100.0 * static_cast<double>(bytes >> 20),
                used * 1e9 / (100.0 * static_cast<double>(bytes)));
}
