// What the machine spent between two moments.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <bench/harness/clocks.hpp>
#include <bench/load/options.hpp>

namespace kodama::bench {

// What the clocks say at one moment.
struct Reading {
    Nanoseconds own = 0;
    std::optional<Nanoseconds> server = std::nullopt;
    std::vector<Nanoseconds> per_cpu = {};
    bool exact = false; // of per_cpu: from cpuacct, else from /proc/stat
};

[[nodiscard]] Reading read_clocks(LoadOptions const& options);

// What takes longer to read, and need not be of the very moment.
struct Circumstances {
    Nanoseconds steal = 0;
    std::uint64_t retransmits = 0;
};

[[nodiscard]] Circumstances read_circumstances();

// Throws OptionError when the server that the options name has no clock.
void require_server_clock(LoadOptions const& options);

// The difference of two.
struct Spent {
    Nanoseconds own = 0;
    std::optional<Nanoseconds> server = std::nullopt;
    Nanoseconds machine = 0;
    std::vector<Nanoseconds> per_cpu = {};
    bool exact = false;
    Circumstances circumstances = {};
};

[[nodiscard]] Spent spent_between(Reading const& from, Reading const& to);

} // namespace kodama::bench
