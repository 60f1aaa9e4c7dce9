// kodama-load: an echo server loaded, checked and measured.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <sched.h>
#include <sysexits.h>

#include <bench/load/options.hpp>
#include <bench/load/progress.hpp>
#include <bench/load/report.hpp>
#include <bench/load/run.hpp>
#include <kodama/base/error.hpp>
#include <kodama/server/descriptor_limit.hpp>

namespace {

using namespace kodama::bench;

void say(std::string const& line) { std::fputs(("kodama-load: " + line + "\n").c_str(), stderr); }

bool print(std::string const& text) {
    if (std::fputs(text.c_str(), stdout) != EOF && std::fflush(stdout) == 0) return true;
    say(kodama::describe_error("cannot write to stdout", errno));
    return false;
}

// Without SA_RESTART, so that a wait ends too.
void catch_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupt(); };
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

void pin(std::uint32_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (::sched_setaffinity(0, sizeof set, &set) == 0) return;
    throw kodama::OptionError("--pin-cpu: '" + std::to_string(cpu) +
                              "' is not a CPU that this process may run on");
}

void require_descriptors(LoadOptions const& options) {
    constexpr std::uint64_t others = 16; // standard streams, epoll, clocks
    std::uint64_t const needed =
        std::uint64_t{options.connections} + options.idle + options.slow_readers + others;
    std::uint64_t const allowed = kodama::raise_descriptor_limit();
    if (needed <= allowed) return;
    throw kodama::SetupError(
        kodama::SetupError::Kind::refused,
        std::to_string(needed) + " descriptors are needed and " + std::to_string(allowed) +
            " allowed; raise the limit (ulimit -n, LimitNOFILE=) or open fewer "
            "connections");
}

int load(LoadOptions const& options) {
    require_descriptors(options);
    if (options.pin_cpu) pin(*options.pin_cpu);
    catch_signals();
    Progress progress;
    Result const result = run(options, progress);
    if (!print(options.json ? to_json(result) + "\n" : to_summary(result))) return EX_OSERR;
    return result.errors.total() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_command(int argc, char** argv) {
    LoadCommand const command = parse_load_command(argc, argv);
    switch (command.action) {
    case LoadAction::show_help:
        return print(load_help()) ? EXIT_SUCCESS : EX_OSERR;
    case LoadAction::show_version:
        return print("kodama-load " + load_version() + "\n") ? EXIT_SUCCESS : EX_OSERR;
    case LoadAction::run:
        return load(command.options);
    }
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run_command(argc, argv);
    } catch (kodama::OptionError const& error) {
        say(std::string(error.what()) + "; see --help");
        return EX_USAGE;
    } catch (Unreachable const& error) {
        say(error.what());
        return EX_UNAVAILABLE;
    } catch (std::exception const& error) {
        say(error.what());
        return EX_OSERR;
    }
}
