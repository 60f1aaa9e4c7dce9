// kodama, the echo server: options in, server on, one line for everything that matters.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

#include <cerrno>
#include <fcntl.h>
#include <pthread.h>
#include <sysexits.h>
#include <unistd.h>

#include <app/echo.hpp>
#include <app/event_log.hpp>
#include <app/options.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/kodama.hpp>

namespace {

void say(std::string const& line) { std::fputs((line + "\n").c_str(), stderr); }

bool print(std::string const& text) {
    if (std::fputs(text.c_str(), stdout) != EOF && std::fflush(stdout) == 0) return true;
    say("kodama: cannot write to stdout: " + std::generic_category().message(errno));
    std::clearerr(stdout);
    return false;
}

// Blocked before any thread is there, so that every thread inherits it, and so that a signal that
// comes while the server starts waits for run_until_signal(). Process 1 would otherwise not even
// see it. SIGPIPE is ignored because a closed stdout is no reason to end.
void prepare_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

// Where a standard descriptor is closed, the next socket would take its number, and what is printed
// would go there. Read-only, so that printing still fails and is told.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDONLY) < 0) return;
    }
}

void announce(kodama::BasicServer const& server) {
    for (kodama::Address const& address : server.endpoints()) {
        if (!print("listening on " + address.to_string() + "\n")) break;
    }
    std::size_t const workers = server.worker_count();
    kodama::FeatureSet unused = kodama::FeatureSet::all();
    unused.remove(server.features());
    say(app::version_text() + ": " + std::to_string(workers) +
        (workers == 1 ? " worker" : " workers") + "; features: " + server.features().to_string() +
        "; not used: " + unused.to_string());
}

void serve(app::Command const& command) {
    app::EventLog log(say);
    kodama::Options options = command.options;
    options.on_event = [&log](kodama::Event event) { log.tell(event); };
    kodama::Server<app::Echo> server{options};
    announce(server);
    if (server.max_connections() < options.max_connections) {
        say("kodama: --max-connections lowered from " + std::to_string(options.max_connections) +
            " to " + std::to_string(server.max_connections()) +
            ", which is what the limit of descriptors allows; raise it (ulimit -n, LimitNOFILE=)");
    }
    std::uint64_t const reset = server.run_until_signal(
        [&server] { say(kodama::stats_json(server)); }, command.stats_interval);
    if (reset != 0) {
        say("kodama: drained; " + std::to_string(reset) +
            (reset == 1 ? " connection did not finish within "
                        : " connections did not finish within ") +
            kodama::print_duration(options.drain_timeout) + " and " +
            (reset == 1 ? "was" : "were") + " reset");
    }
}

int print_probe(kodama::Options const& options) {
    kodama::ProbeReport const report = kodama::probe(options);
    if (!print(app::version_text() + "\n" + kodama::to_text(report))) return EX_OSERR;
    if (report.why_not.empty()) return EXIT_SUCCESS;
    return report.unsupported ? EX_UNAVAILABLE : EX_OSERR;
}

int run(int argc, char** argv) {
    app::Command const command = app::parse_command_line(argc, argv);
    switch (command.action) {
    case app::Action::show_help:
        return print(app::help_text()) ? EXIT_SUCCESS : EX_OSERR;
    case app::Action::show_version:
        return print(app::version_text() + "\n") ? EXIT_SUCCESS : EX_OSERR;
    case app::Action::probe:
        return print_probe(command.options);
    case app::Action::serve:
        serve(command);
    }
    return EXIT_SUCCESS;
}

int exit_code(kodama::SetupError::Kind kind) {
    return kind == kodama::SetupError::Kind::unsupported ? EX_UNAVAILABLE : EX_OSERR;
}

} // namespace

int main(int argc, char** argv) {
    prepare_signals();
    fill_standard_descriptors();
    try {
        return run(argc, argv);
    } catch (kodama::OptionError const& error) {
        say("kodama: " + app::in_terms_of_options(error.what()) + "; see --help");
        return EX_USAGE;
    } catch (kodama::SetupError const& error) {
        say(std::string("kodama: ") + error.what());
        return exit_code(error.kind());
    } catch (std::exception const& error) {
        say(std::string("kodama: ") + error.what());
        return EX_OSERR;
    }
}
