// Runs that may crash, in processes of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <kodama/simulation/script.hpp>
#include <kodama/simulation/simulation.hpp>

namespace kodama::simulation {

// What went wrong, and the run in which it did.
struct Failure {
    std::string what; // one line
    std::uint64_t seed = 0;
    Script script;
};

// A violated assertion ends its process, and so does a sanitizer's finding. So each run is made by
// a child, which leaves what it found in memory that it shares.
class Sandbox {
public:
    // Throws std::system_error.
    explicit Sandbox(Program const& program);
    Sandbox(Sandbox const&) = delete;
    Sandbox& operator=(Sandbox const&) = delete;
    ~Sandbox();

    // Makes runs in one child until one fails, or until the function says that it is enough;
    // `next` is called in the child, before each run, and sets the tape up.
    using NextTape = std::function<std::unique_ptr<Tape>(DecisionLog& log)>;
    [[nodiscard]] std::optional<Failure> run(NextTape const& next);

    // One run. `trace` may be null; the child writes to it.
    [[nodiscard]] std::optional<Failure> run(std::span<Decision const> script, std::ostream* trace);
    [[nodiscard]] std::optional<Failure> run(std::uint64_t seed, std::ostream* trace);

    // Decisions of the last script that nobody asked for.
    [[nodiscard]] Script unused() const;
    // Of the last run, as far as it came.
    [[nodiscard]] Script decided() const;

    // Of all runs so far.
    [[nodiscard]] Findings const& findings() const noexcept;
    // To be set by `next`: what to report as the seed of a run that fails.
    void set_seed(std::uint64_t seed) noexcept;

private:
    struct Shared;

    [[nodiscard]] std::optional<Failure> run_in_child(NextTape const& next, std::ostream* trace);
    [[noreturn]] void be_child(NextTape const& next, std::ostream* trace, int error_output);

    Program program_;
    Shared* shared_;
};

} // namespace kodama::simulation
