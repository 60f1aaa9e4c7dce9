#include "scenario.hpp"

#include <algorithm>
#include <memory>

#include <app/echo.hpp>
#include <kodama/server/session.hpp>
#include <support/catch.hpp>

namespace kodama::testing {

using namespace kodama::simulation;

namespace {

void add(Findings& sum, Findings const& one) {
    sum.runs += one.runs;
    sum.turns += one.turns;
    sum.bytes_echoed += one.bytes_echoed;
    for (std::size_t i = 0; i < sometimes_count; ++i)
        sum.sometimes.counts[i] += one.sometimes.counts[i];
    for (std::size_t s = 0; s < situation_count; ++s) {
        for (std::size_t h = 0; h < happening_count; ++h)
            sum.coverage.counts[s][h] += one.coverage.counts[s][h];
    }
}

RunResult run_well(Script const& script) {
    INFO("the script:\n" << to_string(script, ""));
    RunResult result = run_decisions(script);
    INFO("nobody asks for:\n" << to_string(result.unused, ""));
    REQUIRE(result.failure == "");
    REQUIRE(result.unused.empty());
    return result;
}

} // namespace

Program echo_program() {
    static Dialogue const echo;
    return {.hooks = &session_hooks<app::Echo>, .dialogue = &echo, .echoes = true};
}

DecisionLog& shared_log() {
    static auto const log = std::make_unique<DecisionLog>();
    return *log;
}

bool RunResult::all_echoed() const {
    return std::all_of(connections.begin(), connections.end(), [](Socket const& socket) {
        return socket.taken == socket.arrived && socket.sent == socket.arrived;
    });
}

// --- runs

RunResult make_run(Tape& tape, DecisionLog& log, Watcher* watcher) {
    RunResult result;
    tape.note_questions(&result.questions);
    Simulation simulation(echo_program(), tape, result.findings, watcher);
    result.failure = simulation.run();
    tape.note_questions(nullptr);
    result.decided.assign(log.all().begin(), log.all().end());
    result.faults = tape.faults();
    result.plan = simulation.plan();
    Network const& network = simulation.network();
    for (ConnectionNumber i = 0; i < network.connection_count(); ++i)
        result.connections.push_back(network.socket(i));
    return result;
}

RunResult run_decisions(Script const& script) {
    ScriptedTape tape(shared_log(), script);
    RunResult result = make_run(tape, shared_log());
    result.unused = tape.unused();
    return result;
}

RunResult run_seed(std::uint64_t seed, Watcher* watcher) {
    SeededTape tape(shared_log(), seed);
    return make_run(tape, shared_log(), watcher);
}

RunResult run_well(std::string_view script) { return run_well(parse_script(script)); }

Findings sweep(Sweep const& sweep, Check check) {
    Script const base = parse_script(sweep.script);
    RunResult const plain = run_well(base);
    Findings all;
    for (Question const& question : plain.questions) {
        if (question.choice != sweep.fault) continue;
        std::uint32_t const last = std::min(sweep.to, question.bound);
        for (std::uint32_t value = sweep.from; value <= last; ++value) {
            Decision const fault{question.choice, question.subject, question.index, value};
            Script script = base;
            script.push_back(fault);
            INFO("the script:\n" << to_string(script, ""));
            RunResult const result = run_decisions(script);
            REQUIRE(result.failure == "");
            // Of the others some may be left over: who is lost says no more.
            REQUIRE(std::find(result.decided.begin(), result.decided.end(), fault) !=
                    result.decided.end());
            if (check != nullptr) check(result, fault);
            add(all, result.findings);
        }
    }
    REQUIRE(all.runs > 0);
    return all;
}

// --- counts

std::uint64_t times(Findings const& findings, Sometimes what) {
    return findings.sometimes.counts[static_cast<std::size_t>(what)];
}

std::uint64_t times(Findings const& findings, Happening happening) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < situation_count; ++i)
        sum += times(findings, static_cast<Situation>(i), happening);
    return sum;
}

std::uint64_t times(Findings const& findings, Situation situation, Happening happening) {
    return findings.coverage
        .counts[static_cast<std::size_t>(situation)][static_cast<std::size_t>(happening)];
}

} // namespace kodama::testing
