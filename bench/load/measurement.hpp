// What the machine spent between two moments.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <bench/harness/clocks.hpp>
#include <bench/load/options.hpp>

namespace kodama::bench {

// What every clock says at one moment.
struct Reading {
    Nanoseconds time = 0;
    Nanoseconds own = 0;
    std::optional<Nanoseconds> server = std::nullopt;
    MachineTimes machine = {};
    std::uint64_t retransmits = 0;
};

[[nodiscard]] Reading read_clocks(LoadOptions const& options);
// Throws OptionError when the server that the options name has no clock.
void require_server_clock(LoadOptions const& options);

// The difference of two.
struct Spent {
    Nanoseconds own = 0;
    std::optional<Nanoseconds> server = std::nullopt;
    Nanoseconds machine = 0;
    std::vector<Nanoseconds> per_cpu = {};
    Nanoseconds steal = 0;
    bool exact = false;
    std::uint64_t retransmits = 0;
};

[[nodiscard]] Spent spent_between(Reading const& from, Reading const& to);

} // namespace kodama::bench
