// Command lines of the harness's programs: one target and options.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kodama::bench {

// How one option is told, and what it does.
struct Setting {
    std::string name;                            // without the dashes
    char const* value_name;                      // null: a switch, which takes no value
    std::string help;                            // what it is for
    std::string wanted = {};                     // what is a value of it: "a number from 1 to 5"
    std::string default_value = {};              // as help tells it
    std::function<bool(std::string const&)> set; // false for text that is no value of it
    bool repeatable = false;
};

struct CommandLine {
    bool help = false;
    bool version = false;
    std::string target; // empty where help or the version is asked for
};

// Calls `set` of what was given, in the order of `settings`; --help and --version are added. Where
// one of these is given, nothing is set. Throws OptionError that names option, value and range.
[[nodiscard]] CommandLine parse_command_line(int argc, char const* const* argv,
                                             std::vector<Setting> const& settings);

// The options as --help prints them.
[[nodiscard]] std::string describe(std::vector<Setting> const& settings);

} // namespace kodama::bench
