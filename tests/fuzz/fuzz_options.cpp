// Command lines, one argument a line: each is refused with a usage error, or every option is in its
// range and the whole can be written down and read again.
#include <app/options.hpp>

#include <optional>
#include <string>
#include <vector>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/net/endpoint.hpp>
#include <kodama/server/validate.hpp>

#include <fuzz/target.hpp>

using namespace std::chrono_literals;
using app::Action;
using app::Command;
using kodama::Options;

namespace {

using Arguments = std::vector<std::string>;

Arguments lines_of(std::string text) {
    Arguments lines;
    while (!text.empty()) {
        std::size_t const end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.erase(0, end == text.npos ? end : end + 1);
    }
    return lines;
}

Command parse(Arguments const& arguments) {
    std::vector<char const*> argv{"kodama"};
    for (std::string const& argument : arguments)
        argv.push_back(argument.c_str()); // ends at a NUL, as it would in a command line
    return app::parse_command_line(static_cast<int>(argv.size()), argv.data());
}

// Nothing else may be thrown: it would escape from here.
std::optional<Command> accepted(Arguments const& arguments) {
    try {
        return parse(arguments);
    } catch (kodama::OptionError const& error) {
        kodama::fuzz::check_message(app::in_terms_of_options(error.what()), "");
        return std::nullopt;
    }
}

template <class Value> void check_range(Value value, Value least, Value most) {
    FUZZ_CHECK(value >= least);
    FUZZ_CHECK(value <= most);
}

// What --help tells, again, because validate() is under test too.
void check_ranges(Command const& command) {
    constexpr std::chrono::nanoseconds longest = 576h;
    Options const& options = command.options;
    FUZZ_CHECK(!options.listen.empty());
    for (std::string const& endpoint : options.listen)
        static_cast<void>(kodama::parse_endpoint("listen", endpoint));
    check_range(options.workers, 0u, 1024u);
    check_range(options.max_connections, 1u, 1u << 20);
    check_range(options.backlog, 1u, 65535u);
    check_range(options.buffers.count, 1u, 32768u);
    check_range(options.buffers.size, 64u, 1u << 20);
    FUZZ_CHECK(std::size_t{options.buffers.count} * options.buffers.size <= 1u << 30);
    check_range<std::size_t>(options.max_pending, 1, 1u << 30);
    if (options.max_pending_total != 0) {
        check_range<std::size_t>(options.max_pending_total, 4096, std::size_t{1} << 40);
    }
    check_range(options.idle_timeout, 0ns, longest);
    if (options.send_timeout != 0ns) {
        check_range<std::chrono::nanoseconds>(options.send_timeout, 1ms, longest);
    }
    check_range<std::chrono::nanoseconds>(options.linger_timeout, 0ns, 1h);
    check_range<std::chrono::nanoseconds>(options.drain_timeout, 0ns, 24h);
    if (options.busy_poll) check_range<std::chrono::nanoseconds>(*options.busy_poll, 0ns, 1h);
    check_range<std::chrono::nanoseconds>(options.batch_wait, 0ns, 10ms);
    if (command.stats_interval != 0ns) {
        check_range<std::chrono::nanoseconds>(command.stats_interval, 1ms, longest);
    }
    kodama::validate(options);
}

// A command line that means the same.
Arguments arguments_of(Command const& command) {
    using kodama::print_duration;
    using kodama::print_size;
    Options const& options = command.options;
    std::string const workers = std::to_string(options.workers);
    Arguments arguments{
        "--workers",           options.workers == 0 ? "auto" : workers,
        "--max-connections",   std::to_string(options.max_connections),
        "--backlog",           std::to_string(options.backlog),
        "--max-pending",       print_size(options.max_pending),
        "--max-pending-total", print_size(options.max_pending_total),
        "--idle-timeout",      print_duration(options.idle_timeout),
        "--send-timeout",      print_duration(options.send_timeout),
        "--linger-timeout",    print_duration(options.linger_timeout),
        "--drain-timeout",     print_duration(options.drain_timeout),
        "--stats-interval",    print_duration(command.stats_interval),
        "--busy-poll",         options.busy_poll ? print_duration(*options.busy_poll) : "auto",
        "--batch-wait",        print_duration(options.batch_wait),
    };
    arguments.push_back("--buffers=" + std::to_string(options.buffers.count) + "x" +
                        print_size(options.buffers.size));
    for (std::string const& endpoint : options.listen)
        arguments.push_back("--listen=" + endpoint);
    if (!options.disabled.empty()) arguments.push_back("--disable=" + options.disabled.to_string());
    if (options.pin_cpus) arguments.push_back("--pin-cpus");
    if (command.action == Action::probe) arguments.push_back("--probe");
    return arguments;
}

void check_same(Command const& a, Command const& b) {
    FUZZ_CHECK(a.action == b.action);
    FUZZ_CHECK(a.stats_interval == b.stats_interval);
    FUZZ_CHECK(a.options.listen == b.options.listen);
    FUZZ_CHECK(a.options.workers == b.options.workers);
    FUZZ_CHECK(a.options.pin_cpus == b.options.pin_cpus);
    FUZZ_CHECK(a.options.disabled == b.options.disabled);
    FUZZ_CHECK(a.options.max_connections == b.options.max_connections);
    FUZZ_CHECK(a.options.backlog == b.options.backlog);
    FUZZ_CHECK(a.options.buffers == b.options.buffers);
    FUZZ_CHECK(a.options.max_pending == b.options.max_pending);
    FUZZ_CHECK(a.options.max_pending_total == b.options.max_pending_total);
    FUZZ_CHECK(a.options.idle_timeout == b.options.idle_timeout);
    FUZZ_CHECK(a.options.send_timeout == b.options.send_timeout);
    FUZZ_CHECK(a.options.linger_timeout == b.options.linger_timeout);
    FUZZ_CHECK(a.options.drain_timeout == b.options.drain_timeout);
    FUZZ_CHECK(a.options.busy_poll == b.options.busy_poll);
    FUZZ_CHECK(a.options.batch_wait == b.options.batch_wait);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string const text(reinterpret_cast<char const*>(data), size);
    std::optional<Command> const command = accepted(lines_of(text));
    if (!command) return 0;
    check_ranges(*command);
    bool const serves = command->action == Action::serve || command->action == Action::probe;
    if (serves) check_same(parse(arguments_of(*command)), *command);
    return 0;
}
