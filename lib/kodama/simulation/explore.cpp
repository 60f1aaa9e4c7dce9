#include <kodama/simulation/explore.hpp>

#include <stdexcept>

#include <kodama/simulation/sandbox.hpp>
#include <kodama/simulation/search.hpp>
#include <kodama/simulation/shrink.hpp>

namespace kodama::simulation {

namespace {

Finding finding_of(Failure const& failure) {
    return {.what = failure.what,
            .seed = failure.seed,
            .script = to_string(failure.script, failure.what)};
}

} // namespace

std::optional<Finding> explore(Program const& program, Exploration const& exploration) {
    Sandbox sandbox(program);
    std::optional<Failure> const failure = search_seeds(sandbox, exploration);
    if (!failure) return std::nullopt;
    return finding_of(exploration.shrink ? shrink(sandbox, *failure, shrink_attempts) : *failure);
}

std::optional<Finding> run_script(Program const& program, std::string_view script) {
    Sandbox sandbox(program);
    std::optional<Failure> const failure = sandbox.run(parse_script(script), nullptr);
    if (failure) return finding_of(*failure);
    if (Script const unused = sandbox.unused(); !unused.empty()) {
        throw std::invalid_argument("the script is stale: nobody asks for " +
                                    to_string(unused.front()));
    }
    return std::nullopt;
}

} // namespace kodama::simulation
