#include <kodama/simulation/tape.hpp>

#include <algorithm>
#include <array>

#include <support/catch.hpp>

#include "scenario.hpp"

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

constexpr std::uint64_t seeds = 200;

bool any_fault(Script const& script) {
    return std::any_of(script.begin(), script.end(),
                       [](Decision const& decision) { return is_fault(decision.choice); });
}

} // namespace

TEST_CASE("A tape without decisions makes the plainest run: no faults, every byte echoed") {
    RunResult const result = run_decisions({});
    CHECK(result.failure == "");
    CHECK(result.faults == 0);
    CHECK(result.decided.empty());
    CHECK(result.questions.size() > 50);
    REQUIRE(result.connections.size() == 1);
    CHECK(result.connections[0].arrived == 1);
    CHECK(result.all_echoed());
    for (Sometimes const rare :
         {Sometimes::enter_failed, Sometimes::completions_overflowed, Sometimes::parked,
          Sometimes::send_cut_short, Sometimes::accept_failed, Sometimes::reset_by_server}) {
        CHECK(times(result.findings, rare) == 0);
    }
}

TEST_CASE("Fuzz input that is used up is as good as none") {
    ByteTape tape(shared_log(), {});
    RunResult const result = make_run(tape, shared_log());
    CHECK(result.failure == "");
    CHECK(result.decided.empty());
    CHECK(result.all_echoed());
}

TEST_CASE("A ByteTape takes faults from high bytes and sizes from all, and ends with zeros") {
    std::array<std::uint8_t, 6> const bytes{0xdf, 0xe0, 0xff, 7, 0x01, 0x02};
    ByteTape tape(shared_log(), bytes);
    CHECK(tape.draw(Choice::late, 1, 16) == 0);
    CHECK(tape.draw(Choice::late, 1, 16) == 1);
    CHECK(tape.draw(Choice::late, 1, 64) == 32);
    CHECK(tape.draw(Choice::peers, whole_run, 5) == 1); // 7 of 6 values
    CHECK(tape.draw(Choice::piece, 1, 4096) == 0x102);
    CHECK(tape.draw(Choice::piece, 1, 4096) == 0);
    CHECK(tape.draw(Choice::late, 1, 16) == 0);
}

TEST_CASE("What is decided lies in 0 to the bound, and only what is not 0 is logged") {
    DecisionLog& log = shared_log();
    Script const script{{Choice::piece, 3, 1, 1000}};
    ScriptedTape tape(log, script);
    CHECK(tape.draw(Choice::piece, 3, 10) == 0);
    CHECK(tape.draw(Choice::piece, 2, 10) == 0); // of another peer
    CHECK(tape.draw(Choice::piece, 3, 0) == 0);  // no question: there is one answer
    CHECK(tape.draw(Choice::piece, 3, 10) == 10);
    REQUIRE(log.count == 1);
    CHECK(log.decisions[0] == Decision{Choice::piece, 3, 1, 10});
    CHECK(tape.unused().empty());
}

TEST_CASE("The same seed makes the same decisions, another one others") {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        INFO("seed " << seed);
        RunResult const one = run_seed(seed);
        RunResult const again = run_seed(seed);
        CHECK(one.failure == again.failure);
        CHECK(one.decided == again.decided);
        CHECK(one.findings.turns == again.findings.turns);
        CHECK(one.decided != run_seed(seed + seeds).decided);
    }
}

TEST_CASE("What a seed decided, replayed as a script, is the same run") {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        INFO("seed " << seed);
        RunResult const one = run_seed(seed);
        RunResult const replayed = run_decisions(one.decided);
        CHECK(replayed.failure == one.failure);
        CHECK(replayed.decided == one.decided);
        CHECK(replayed.unused.empty());
        CHECK(replayed.findings.turns == one.findings.turns);
        CHECK(replayed.faults == one.faults);
    }
}

TEST_CASE("The seeds are a swarm: some runs have many faults, some have none") {
    std::size_t without = 0;
    std::size_t many = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        RunResult const result = run_seed(seed);
        CHECK(any_fault(result.decided) == (result.faults > 0));
        without += result.faults == 0 ? 1 : 0;
        many += result.faults > 50 ? 1 : 0;
    }
    CHECK(without > 0);
    CHECK(many > seeds / 10);
}

TEST_CASE("Once a tape is healed, faults end and other decisions go on") {
    Script const script{{Choice::enter_fails, whole_run, 0, 1},
                        {Choice::enter_fails, whole_run, 1, 1},
                        {Choice::pause, 1, 0, 3}};
    ScriptedTape tape(shared_log(), script);
    CHECK(tape.happens(Choice::enter_fails));
    CHECK(tape.faults() == 1);
    CHECK(!tape.healed());
    tape.heal();
    CHECK(tape.healed());
    CHECK(!tape.happens(Choice::enter_fails));
    CHECK(tape.draw(Choice::pause, 1, 14) == 3);
    CHECK(tape.faults() == 1);
    CHECK(tape.unused() == Script{{Choice::enter_fails, whole_run, 1, 1}});
}

TEST_CASE("After the faults of a run no more are asked for") {
    // All questions about faults come before the tape is healed, so that many turns at most.
    Script const script{{Choice::peers, whole_run, 0, 2}, {Choice::length, whole_run, 0, 5}};
    RunResult const result = run_decisions(script);
    auto const enters = std::count_if(
        result.questions.begin(), result.questions.end(),
        [](Question const& question) { return question.choice == Choice::enter_fails; });
    CHECK(static_cast<std::uint32_t>(enters) <= result.plan.length);
    CHECK(result.findings.turns > static_cast<std::uint64_t>(enters));
}

TEST_CASE("Decisions that nobody asks for are told: the script is stale") {
    Script const script{{Choice::peers, whole_run, 0, 1},
                        {Choice::send_cut, 7, 0, 1},     // there is no seventh peer
                        {Choice::send_cut, 1, 5000, 1}}; // nor that many sends
    RunResult const result = run_decisions(script);
    CHECK(result.failure == "");
    CHECK(result.decided == Script{script.front()});
    REQUIRE(result.unused.size() == 2);
    CHECK(std::find(result.unused.begin(), result.unused.end(), script[1]) != result.unused.end());
    CHECK(std::find(result.unused.begin(), result.unused.end(), script[2]) != result.unused.end());
}

TEST_CASE("A log that is full says so, and the run goes on") {
    DecisionLog& log = shared_log();
    SeededTape tape(log, 1);
    for (std::size_t i = 0; i <= DecisionLog::capacity; ++i)
        static_cast<void>(tape.draw(Choice::piece, 1, ~0u));
    CHECK(log.overflowed);
    CHECK(log.all().size() == DecisionLog::capacity);
    SeededTape const next(log, 1); // begins a new one
    CHECK(!log.overflowed);
    CHECK(log.all().empty());
}
