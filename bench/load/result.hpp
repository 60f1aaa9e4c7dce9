// What a run found out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bench/load/error_log.hpp>
#include <bench/load/measurement.hpp>
#include <bench/load/meter.hpp>
#include <bench/load/options.hpp>

namespace kodama::bench {

struct Result {
    LoadOptions options;
    std::string target;     // the address
    std::string congestion; // of our sockets
    Meter meter;
    ErrorLog errors;
    std::uint64_t connections_made = 0; // within the window
    Spent spent = {};
    Nanoseconds spun = 0;       // CPU time of ours that went into waiting without sleeping
    std::uint64_t intended = 0; // messages that were to be sent within the window; open loop
    bool interrupted = false;
    std::vector<std::string> remarks = {};
};

} // namespace kodama::bench
