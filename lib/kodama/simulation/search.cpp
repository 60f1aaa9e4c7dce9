#include <kodama/simulation/search.hpp>

namespace kodama::simulation {

std::optional<Failure> search_seeds(Sandbox& sandbox, Exploration const& exploration) {
    using Clock = std::chrono::steady_clock;
    Clock::time_point const start = Clock::now();
    std::uint64_t runs = 0;
    return sandbox.run([&](DecisionLog& log) -> std::unique_ptr<Tape> {
        if (runs == exploration.runs || Clock::now() - start >= exploration.time) return nullptr;
        std::uint64_t const seed = exploration.first_seed + runs++;
        sandbox.set_seed(seed);
        return std::make_unique<SeededTape>(log, seed);
    });
}

std::optional<Failure> search_scope(Sandbox& sandbox, Scope const& scope, std::size_t depth) {
    constexpr std::uint32_t values = 3; // of each decision
    Exhaustive exhaustive(scope.base, depth, values);
    return sandbox.run([&](DecisionLog& log) { return exhaustive.next(log); });
}

} // namespace kodama::simulation
