// The command line of the binary.
#pragma once

#include <chrono>
#include <string>

#include <kodama/server/options.hpp>

namespace app {

enum class Action { serve, probe, show_help, show_version };

struct Command {
    Action action = Action::serve;
    kodama::Options options;
    std::chrono::nanoseconds stats_interval{0}; // 0: only when asked by a signal
};

// Throws kodama::OptionError that names the option, what it was given and what it takes. Where help
// or the version is asked for, the values of the other options are not looked at.
[[nodiscard]] Command parse_command_line(int argc, char const* const* argv);

[[nodiscard]] std::string help_text();

// The library's messages begin with the name of a member of kodama::Options; those of the command
// line with the option's: "max_connections: 0 is" becomes "--max-connections: 0 is".
[[nodiscard]] std::string in_terms_of_options(std::string const& message);

// "kodama 0.1.0".
[[nodiscard]] std::string version_text();

} // namespace app
