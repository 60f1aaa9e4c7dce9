// What this machine has, against what a server needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <kodama/base/export.hpp>
#include <kodama/ring/capabilities.hpp>
#include <kodama/server/options.hpp>

namespace kodama {

// What probe() found. Memory in bytes; limits are this process's.
struct ProbeReport {
    std::string kernel;   // as uname(2) has it
    std::string liburing; // the version it was built with

    // Empty when the server can serve; otherwise what a start would say.
    std::string why_not;
    bool unsupported = false;  // the reason is io_uring itself (SetupError::Kind)
    Capabilities capabilities; // what the kernel can; empty where `why_not` says why

    std::size_t workers = 0;                // that the options ask for, or their default
    std::uint32_t max_connections = 0;      // within the limit of descriptors
    std::uint64_t descriptors_needed = 0;   // for all connections and all else
    std::uint64_t descriptors_limit = 0;    // the hard one, to which a server raises the soft one
    std::uint64_t locked_memory_needed = 0; // for the rings of all workers
    std::optional<std::uint64_t> locked_memory_limit; // nothing: unlimited, or not held to it
    std::optional<int> io_uring_disabled;             // the sysctls, where there are any
    std::optional<int> io_uring_group;                // the one that may, where the former is 1
    std::optional<int> seccomp;                       // 0 none, 1 strict, 2 a filter
};

// Tries everything but listening. Throws OptionError.
[[nodiscard]] KODAMA_EXPORT ProbeReport probe(Options const& options);

// Several lines, for people.
[[nodiscard]] KODAMA_EXPORT std::string to_text(ProbeReport const& report);

} // namespace kodama
