// The echo server on a simulated kernel: the bytes are everything that kernel and peers decide.
#include <kodama/simulation/simulation.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <memory>
#include <string>

#include <app/echo.hpp>
#include <fuzz/target.hpp>
#include <kodama/server/session.hpp>
#include <kodama/simulation/script.hpp>

using namespace kodama::simulation;

namespace {

constexpr std::size_t pairs = situation_count * happening_count;

// What libFuzzer takes for coverage beside that of the code: which events happened in which states,
// and how often, in powers of two.
[[gnu::section("__libfuzzer_extra_counters")]] std::uint8_t counters[pairs + sometimes_count];

std::uint8_t magnitude(std::uint64_t count) {
    return static_cast<std::uint8_t>(std::bit_width(count));
}

void count(Findings const& findings) {
    std::uint8_t* next = counters;
    for (auto const& situation : findings.coverage.counts)
        next = std::transform(situation.begin(), situation.end(), next, magnitude);
    auto const& rare = findings.sometimes.counts;
    std::transform(rare.begin(), rare.end(), next, magnitude);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static auto const log = std::make_unique<DecisionLog>();
    Dialogue const echo;
    Program const program{
        .hooks = &kodama::session_hooks<app::Echo>, .dialogue = &echo, .echoes = true};
    Findings findings;
    ByteTape tape(*log, {data, size});
    std::string const failure = Simulation(program, tape, findings, nullptr).run();
    count(findings);
    if (failure.empty()) return 0;
    // kodama-simulate --replay takes this.
    std::fputs(to_string(log->all(), failure).c_str(), stderr);
    FUZZ_CHECK(failure.empty());
    return 1;
}
