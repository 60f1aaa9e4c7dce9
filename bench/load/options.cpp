#include <bench/load/options.hpp>

#include <bench/harness/command_line.hpp>
#include <bench/harness/target.hpp>
#include <bench/load/settings.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

// The messages of all connections that may be in flight: they are kept track of in memory.
constexpr std::uint64_t in_flight_max = std::uint64_t{1} << 24;

void require(bool good, char const* message) {
    if (!good) throw OptionError(message);
}

LoadOptions checked(Asked const& asked) {
    LoadOptions options = asked.options;
    require(!(asked.churn && asked.stream), "--stream: does not go with --churn");
    require(!(asked.rate && asked.churn), "--rate: does not go with --churn");
    require(!(asked.rate && asked.stream), "--rate: does not go with --stream");
    require(asked.rate || !asked.arrivals, "--arrivals: needs --rate");
    require(asked.rate || !asked.wait, "--wait: needs --rate");
    require(asked.stream || !asked.window, "--window: needs --stream");
    require(!asked.depth || !asked.churn, "--depth: does not go with --churn");
    require(!asked.depth || !asked.stream, "--depth: does not go with --stream, see --window");
    require(!options.server_pid || options.server_cgroup.empty(),
            "--server-pid: does not go with --server-cgroup");
    if (asked.churn) options.mode = Mode::churn;
    if (asked.stream) options.mode = Mode::stream;
    if (asked.rate) options.mode = Mode::open;
    if (options.mode == Mode::stream && options.sizes.largest() > options.window) {
        throw OptionError("--window: " + quoted(print_size(options.window)) +
                          " is less than a write of " + print_size(options.sizes.largest()));
    }
    if (std::uint64_t{options.connections} * options.depth > in_flight_max) {
        throw OptionError("--depth: " + quoted(std::to_string(options.depth)) +
                          " times the connections is more than " + std::to_string(in_flight_max));
    }
    if (options.count && !asked.duration) options.duration.reset();
    return options;
}

} // namespace

LoadCommand parse_load_command(int argc, char const* const* argv) {
    Asked asked;
    CommandLine const line = parse_command_line(argc, argv, all_settings(asked));
    if (line.help) return {.action = LoadAction::show_help};
    if (line.version) return {.action = LoadAction::show_version};
    check_target(line.target);
    asked.options.target = line.target;
    return {.action = LoadAction::run, .options = checked(asked)};
}

std::string load_version() { return KODAMA_VERSION; }

char const* name_of(Mode mode) noexcept {
    switch (mode) {
    case Mode::closed:
        return "closed";
    case Mode::open:
        return "open";
    case Mode::churn:
        return "churn";
    case Mode::stream:
        return "stream";
    }
    return "";
}

char const* name_of(Arrivals arrivals) noexcept {
    return arrivals == Arrivals::poisson ? "poisson" : "constant";
}

std::string load_help() {
    Asked asked;
    return "Usage: kodama-load TARGET [OPTION]...\n"
           "Loads an echo server, checks every byte that comes back, and tells what it cost.\n"
           "TARGET is HOST:PORT or [V6]:PORT.\n\n" +
           describe(all_settings(asked)) +
           "\n"
           "Without --rate, --churn or --stream the loop is closed: a connection sends its next\n"
           "message when one has come back. That measures throughput and what an echo costs. Its\n"
           "latency is no service latency, because a slow server is then asked less often.\n"
           "\n"
           "DURATION is a whole number with ns, us, ms, s, m or h, as in 500us or 10s, or 0.\n"
           "SIZE is in bytes, or with K, M or G.\n"
           "\n"
           "SIGINT or SIGTERM ends it with what was measured so far; a second one at once.\n"
           "\n"
           "Exit codes:\n"
           "  0   every byte came back\n"
           "  1   connections failed: refused, reset, ended early, a wrong byte, timed out\n"
           "  64  an option is wrong\n"
           "  69  no connection to the target could be made\n"
           "  71  the system refused something: a limit too low\n";
}

} // namespace kodama::bench
