// The options of kodama-load, one by one.
#pragma once

#include <vector>

#include <bench/harness/command_line.hpp>
#include <bench/load/options.hpp>

namespace kodama::bench {

// What was asked for, before it is known whether it goes together.
struct Asked {
    LoadOptions options;
    bool churn = false;
    bool stream = false;
    bool rate = false;
    bool arrivals = false;
    bool wait = false;
    bool window = false;
    bool depth = false;
    bool duration = false;
};

// Each sets a part of `asked`, which must outlive them; in the order in which help tells them.
[[nodiscard]] std::vector<Setting> all_settings(Asked& asked);

} // namespace kodama::bench
