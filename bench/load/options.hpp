// The command line of kodama-load.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include <bench/harness/clocks.hpp>
#include <bench/harness/sizes.hpp>

namespace kodama::bench {

enum class Mode { closed, open, churn, stream };

enum class Arrivals { constant, poisson };

struct LoadOptions {
    std::string target;
    Mode mode = Mode::closed;
    std::uint32_t connections = 1;
    Sizes sizes = *Sizes::parse("64");
    std::uint32_t depth = 1;
    std::optional<Nanoseconds> duration = 10'000'000'000; // nothing: until `count` is reached
    Nanoseconds warm_up = 1'000'000'000;
    std::optional<std::uint64_t> count = std::nullopt;
    double rate = 0; // of the open loop
    Arrivals arrivals = Arrivals::constant;
    bool spin = true;               // wait for the next arrival without giving up the core
    std::uint64_t window = 1 << 20; // of the stream
    std::uint32_t idle = 0;
    std::uint32_t slow_readers = 0;
    std::uint32_t source_addresses = 0; // 0: as many as are needed
    std::string congestion = {};
    std::optional<pid_t> server_pid = std::nullopt;
    std::string server_cgroup = {};
    std::optional<std::uint32_t> pin_cpu = std::nullopt;
    std::uint64_t seed = 1;
    Nanoseconds timeout = 5'000'000'000;
    bool json = false;
};

enum class LoadAction { run, show_help, show_version };

struct LoadCommand {
    LoadAction action = LoadAction::run;
    LoadOptions options = {};
};

// Throws OptionError that names the option, what it was given and what it takes.
[[nodiscard]] LoadCommand parse_load_command(int argc, char const* const* argv);

[[nodiscard]] std::string load_help();

[[nodiscard]] std::string load_version(); // "0.1.0"

[[nodiscard]] char const* name_of(Mode mode) noexcept;
[[nodiscard]] char const* name_of(Arrivals arrivals) noexcept;

} // namespace kodama::bench
