// The command line of kodama-conform.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace kodama::bench::conform {

struct Options {
    std::string target;             // HOST:PORT
    std::vector<std::string> cases; // empty: all
    std::size_t connections = 1000;
    std::chrono::milliseconds timeout{10'000};
    bool list = false;
    bool json = false;
    bool help = false;
    bool version = false;
};

// Throws kodama::OptionError that names the option, what it was given and what it takes.
[[nodiscard]] Options parse_options(int argc, char const* const* argv);

[[nodiscard]] std::string help_text();

} // namespace kodama::bench::conform
