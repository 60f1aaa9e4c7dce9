#include <kodama/simulation/exhaustive.hpp>

#include <algorithm>
#include <set>
#include <string>

#include <kodama/simulation/search.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

#include "scenario.hpp"

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// One peer that says 20 bytes through a server with two buffers of seven.
Script tiny_world() {
    return parse_script("run buffers[0] = 2\n"
                        "run buffer_size[0] = 2\n"
                        "peer 1 behaviour[0] = 2\n"
                        "peer 1 amount[0] = 2\n"
                        "peer 1 amount[1] = 19\n");
}

// The runs that Exhaustive makes, each as what was decided in it, in the order of that.
std::vector<std::string> runs_of(Script const& base, std::size_t depth, std::uint32_t values) {
    Exhaustive exhaustive(base, depth, values);
    std::vector<std::string> runs;
    while (std::unique_ptr<Tape> const tape = exhaustive.next(shared_log())) {
        // Not make_run(), for the questions are Exhaustive's to note.
        Findings findings;
        std::string const failure = Simulation(echo_program(), *tape, findings, nullptr).run();
        std::string const run = to_string(shared_log().all(), "");
        INFO(run);
        REQUIRE(failure == "");
        runs.push_back(run);
    }
    CHECK(exhaustive.runs() == runs.size());
    return runs;
}

std::string decided_with(Script script, Question const& question, std::uint32_t value) {
    script.push_back({question.choice, question.subject, question.index, value});
    RunResult const result = run_decisions(script);
    CHECK(result.failure == "");
    CHECK(result.unused.empty());
    return to_string(result.decided, "");
}

} // namespace

TEST_CASE("Exhaustive makes the benign run and every run with one fault, each once") {
    constexpr std::uint32_t values = 3;
    Script const base = tiny_world();
    std::set<std::string> expected;
    RunResult const benign = run_decisions(base);
    expected.insert(to_string(benign.decided, ""));
    for (Question const& question : benign.questions) {
        if (!is_fault(question.choice)) continue;
        for (std::uint32_t value = 1; value <= std::min(values, question.bound); ++value)
            expected.insert(decided_with(base, question, value));
    }
    std::vector<std::string> const runs = runs_of(base, 1, values);
    CHECK(runs.size() == expected.size());
    CHECK(std::set<std::string>(runs.begin(), runs.end()) == expected);
}

TEST_CASE("Exhaustive makes no run twice, also with two faults") {
    std::vector<std::string> const runs = runs_of(tiny_world(), 2, 1);
    std::set<std::string> const different(runs.begin(), runs.end());
    CHECK(different.size() == runs.size());
    CHECK(runs.size() > 1000);
    // Two faults are found that only follow from each other: a cancellation that is repeated
    // because the first one found nothing, say.
    std::set<std::string> const with_one = [] {
        std::vector<std::string> const one = runs_of(tiny_world(), 1, 1);
        return std::set<std::string>(one.begin(), one.end());
    }();
    CHECK(std::includes(different.begin(), different.end(), with_one.begin(), with_one.end()));
}

TEST_CASE("Exhaustive with no fault at all makes the benign run") {
    CHECK(runs_of(tiny_world(), 0, 3) ==
          std::vector<std::string>{to_string(run_decisions(tiny_world()).decided, "")});
}

TEST_CASE("The scopes are what they say: no faults in them, and nothing that nobody asks for") {
    for (Scope const& scope : small_scopes()) {
        INFO(scope.name);
        RunResult const result = run_decisions(scope.base);
        CHECK(result.failure == "");
        CHECK(result.faults == 0);
        CHECK(result.unused.empty());
    }
}

TEST_CASE("Each scope that is about an end meets it, also without a fault") {
    auto const [name, event] = GENERATE(table<std::string_view, Sometimes>(
        {{"idle for too long", Sometimes::idle_connection_closed},
         {"draining under faults, too late", Sometimes::drain_met_deadline},
         {"stopping", Sometimes::stopped_with_connections}}));
    std::vector<Scope> const scopes = small_scopes();
    auto const scope = std::find_if(scopes.begin(), scopes.end(),
                                    [&](Scope const& one) { return one.name == name; });
    INFO(name);
    REQUIRE(scope != scopes.end());
    CHECK(times(run_decisions(scope->base).findings, event) > 0);
}

TEST_CASE("No single fault in a small world makes the echo server go wrong") {
    Sandbox sandbox(echo_program());
    for (Scope const& scope : small_scopes()) {
        std::optional<Failure> const failure = search_scope(sandbox, scope, 1);
        INFO(scope.name);
        INFO((failure ? to_string(failure->script, failure->what) : ""));
        CHECK(!failure);
    }
    CHECK(sandbox.findings().runs > 1000);
}

TEST_CASE("No two faults in a small world make the echo server go wrong") {
    if (scale() == Scale::small) KODAMA_SKIP("these are 300,000 runs");
    Sandbox sandbox(echo_program());
    for (Scope const& scope : small_scopes()) {
        std::optional<Failure> const failure = search_scope(sandbox, scope, 2);
        INFO(scope.name);
        INFO((failure ? to_string(failure->script, failure->what) : ""));
        CHECK(!failure);
    }
}
