// Every run that differs little from a benign one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <kodama/simulation/script.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// A small world whose every fault is tried.
struct Scope {
    std::string_view name;
    Script base; // what it is about; no faults
};

// Two connections, two buffers, few places in the queues; one for each way of going wrong.
[[nodiscard]] std::vector<Scope> small_scopes();

// All runs of a scope with at most `depth` faults: every fault that the kernel may answer with, at
// every point where it may. Bounded model checking with the code that the seeds use. Values are
// tried up to `values` of each.
//
// A tree: each node is a run, and its children differ from it by one more fault, later than all of
// its own. What comes before a fault is the same in all of them, for runs are deterministic.
class Exhaustive {
public:
    Exhaustive(Script base, std::size_t depth, std::uint32_t values);

    // The next run's tape, or null when there are none left. The tape must not outlive this, and
    // the run must be made before the next call.
    [[nodiscard]] std::unique_ptr<Tape> next(DecisionLog& log);

    [[nodiscard]] std::uint64_t runs() const noexcept { return runs_; }

private:
    // One fault more than its parent has; and which of the questions that its run asks it tries
    // next.
    struct Node {
        Script script;
        std::vector<Question> questions{}; // that may be answered with a fault
        std::size_t next_question = 0;
        std::uint32_t next_value = 1;
    };

    void finish_run();
    [[nodiscard]] bool begin_next();

    std::size_t depth_;
    std::uint32_t values_;
    std::vector<Node> path_; // from the benign run to the current one
    std::vector<Question> asked_;
    std::uint64_t runs_ = 0;
};

} // namespace kodama::simulation
