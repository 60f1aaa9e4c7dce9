// The command line of the binary.
#pragma once

#include <string>

#include <kodama/server/options.hpp>

namespace app {

enum class Action { serve, show_help, show_version };

struct Command {
    Action action = Action::serve;
    kodama::Options options;
};

// Throws kodama::OptionError that names the option, what it was given and what it takes. Where help
// or the version is asked for, the values of the other options are not looked at.
[[nodiscard]] Command parse_command_line(int argc, char const* const* argv);

[[nodiscard]] std::string help_text();

// "kodama 0.1.0".
[[nodiscard]] std::string version_text();

} // namespace app
