// The options that have a value and set a member of kodama::Options.
#pragma once

#include <string>
#include <vector>

#include <kodama/server/options.hpp>

namespace app {

// How one of them is told, and what it does.
struct Setting {
    char const* name; // without the dashes
    char const* value_name;
    std::string help;
    char const* wanted; // what is a value of it; null: `set` says so itself
    // False for text that is no value of this kind; ranges are the library's to check. May throw
    // kodama::OptionError.
    bool (*set)(kodama::Options& options, std::string const& text);
    bool repeatable = false;
    std::string default_value = {};
};

// In the order in which help tells them.
[[nodiscard]] std::vector<Setting> all_settings();

} // namespace app
