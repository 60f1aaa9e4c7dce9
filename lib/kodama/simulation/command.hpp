// A program that simulates a server, in one call.
#pragma once

#include <iosfwd>

#include <kodama/base/export.hpp>
#include <kodama/simulation/program.hpp>

namespace kodama::simulation {

// The whole of a simulator's main(): takes the options of kodama-simulate (`--help` lists them),
// writes what it finds to `out` and what is wrong with the options to `errors`. Returns what main()
// has to: 0 when nothing went wrong, 1 when something did, 2 for wrong usage.
//
//     int main(int argc, char** argv) {
//         kodama::simulation::Dialogue const echo;
//         return kodama::simulation::run_command(
//             argc, argv, {.hooks = &kodama::session_hooks<Echo>, .dialogue = &echo},
//             std::cout, std::cerr);
//     }
[[nodiscard]] KODAMA_EXPORT int run_command(int argc, char const* const* argv,
                                            Program const& program, std::ostream& out,
                                            std::ostream& errors);

} // namespace kodama::simulation
