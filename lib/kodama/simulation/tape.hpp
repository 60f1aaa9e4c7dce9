// Where the decisions of a simulated run come from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kodama/simulation/choice.hpp>

namespace kodama::simulation {

// Whom a decision is about: 0 for the run or its ring as a whole, n for the n-th peer.
using Subject = std::uint16_t;

inline constexpr Subject whole_run = 0;
inline constexpr Subject subjects_max = 64;

// One decision that was not 0: the `index`-th of its kind about its subject.
struct Decision {
    Choice choice{};
    Subject subject = 0;
    std::uint32_t index = 0;
    std::uint32_t value = 0;

    friend constexpr bool operator==(Decision const&, Decision const&) noexcept = default;
};

// What was to be decided: `value` of a Decision is 0 to `bound`.
struct Question {
    Choice choice{};
    Subject subject = 0;
    std::uint32_t index = 0;
    std::uint32_t bound = 0;
};

// What was decided in a run, in the order in which it was asked: this is the run, for everything
// that is missing here is 0. A plain aggregate that may lie in memory shared between processes, so
// that it outlives a run that crashes.
struct DecisionLog {
    static constexpr std::size_t capacity = 1 << 15;

    std::uint32_t count = 0;
    bool overflowed = false; // the run went on, but cannot be replayed from this log
    std::array<Decision, capacity> decisions;

    [[nodiscard]] std::span<Decision const> all() const noexcept {
        return std::span(decisions).first(count);
    }
};

// One run's decisions. A decision is found by what it is about, not by when it is asked for: the
// third send of peer 2 is cut short whatever happens to the others meanwhile. That is why a script
// survives changes of the code that it tests, and why any part of one is a script too.
//
// Threads: one.
class Tape {
public:
    explicit Tape(DecisionLog& log) noexcept;
    Tape(Tape const&) = delete;
    Tape& operator=(Tape const&) = delete;
    virtual ~Tape() = default;

    // 0 to `bound`.
    std::uint32_t draw(Choice choice, Subject subject, std::uint32_t bound);

    // Whether something that is a fault happens.
    bool happens(Choice choice, Subject subject = whole_run) {
        return draw(choice, subject, 1) != 0;
    }

    // Notes every question from now on, also those that are answered with 0; null: no more.
    void note_questions(std::vector<Question>* questions) noexcept { questions_ = questions; }

    // From now on no fault happens any more.
    void heal() noexcept { healed_ = true; }
    [[nodiscard]] bool healed() const noexcept { return healed_; }

    // Decisions that were not 0 among the faults.
    [[nodiscard]] std::uint64_t faults() const noexcept { return faults_; }

private:
    // Any value; what is above the bound becomes the bound.
    [[nodiscard]] virtual std::uint32_t decide(Choice choice, Subject subject, std::uint32_t index,
                                               std::uint32_t bound) = 0;

    DecisionLog& log_;
    std::vector<Question>* questions_ = nullptr;
    bool healed_ = false;
    std::uint64_t faults_ = 0;
    std::vector<std::array<std::uint32_t, choice_count>> next_index_; // of each subject
};

// From one number. Each run is a swarm of its own (Groce et al., Swarm Testing): about half of the
// faults are off, the others differ wildly in how often they happen. In a quarter of the runs
// memory is short everywhere, for it takes several shortages at once to meet what is rarest.
class SeededTape final : public Tape {
public:
    SeededTape(DecisionLog& log, std::uint64_t seed) noexcept;

private:
    std::uint32_t decide(Choice choice, Subject subject, std::uint32_t index,
                         std::uint32_t bound) override;

    std::uint64_t seed_;
    bool tight_;                                        // memory and windows are as small as can be
    std::array<std::uint32_t, choice_count> chances_{}; // of 65,536
};

// From a list; whatever is not in it is 0.
class ScriptedTape final : public Tape {
public:
    ScriptedTape(DecisionLog& log, std::span<Decision const> script);

    // Decisions of the script that nobody asked for: the script is stale.
    [[nodiscard]] std::vector<Decision> unused() const;

private:
    std::uint32_t decide(Choice choice, Subject subject, std::uint32_t index,
                         std::uint32_t bound) override;

    struct Entry {
        Decision decision;
        bool used = false;
    };
    std::vector<Entry> entries_; // sorted by what they are about
};

// From a fuzzer's bytes, one or two for each decision; when they are used up, everything is 0.
class ByteTape final : public Tape {
public:
    ByteTape(DecisionLog& log, std::span<std::uint8_t const> bytes) noexcept;

private:
    std::uint32_t decide(Choice choice, Subject subject, std::uint32_t index,
                         std::uint32_t bound) override;
    [[nodiscard]] std::uint32_t next_byte() noexcept;

    std::span<std::uint8_t const> bytes_;
};

// A hash that is the same everywhere.
[[nodiscard]] std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept;

} // namespace kodama::simulation
