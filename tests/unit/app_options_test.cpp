#include <app/options.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>

using namespace std::chrono_literals;
using app::Action;
using app::Command;
using kodama::Feature;
using kodama::testing::contains_text;

namespace {

using Arguments = std::vector<char const*>;

Command parse(Arguments arguments) {
    arguments.insert(arguments.begin(), "kodama");
    return app::parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

std::string rejection(Arguments const& arguments) {
    try {
        static_cast<void>(parse(arguments));
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("without arguments the library's defaults are served") {
    Command const command = parse({});
    kodama::Options const defaults;
    CHECK(command.action == Action::serve);
    CHECK(command.options.listen == defaults.listen);
    CHECK(command.options.workers == defaults.workers);
    CHECK_FALSE(command.options.pin_cpus);
    CHECK(command.options.disabled.empty());
    CHECK(command.options.drain_timeout == 5s);
}

TEST_CASE("a program without even a name has no arguments") {
    CHECK(app::parse_command_line(0, nullptr).action == Action::serve);
}

TEST_CASE("endpoints that are given replace the default, in their order") {
    Command const command = parse({"--listen", "*:80", "--listen=[::1]:0", "--listen", "7"});
    CHECK(command.options.listen == std::vector<std::string>{"*:80", "[::1]:0", "7"});
}

TEST_CASE("workers are a number from 1 to 1024, or auto") {
    CHECK(parse({"--workers", "1"}).options.workers == 1);
    CHECK(parse({"--workers=1024"}).options.workers == 1024);
    CHECK(parse({"--workers", "auto"}).options.workers == 0);
    CHECK(rejection({"--workers", "x"}) == "--workers: 'x' is not a number from 1 to 1024 or auto");
    char const* const text = GENERATE("0", "1025", "-1", "+1", "1.5", "2 ", " 2", "AUTO",
                                      "4294967297", "18446744073709551617", "0x2", "1\n");
    CAPTURE(text);
    CHECK_THAT(rejection({"--workers", text}), contains_text("is not a number from 1 to 1024"));
}

TEST_CASE("features to disable add up, from repeated options and from lists") {
    Command const command =
        parse({"--disable", "no-iowait,defer-taskrun", "--disable=multishot-accept"});
    CHECK(command.options.disabled.to_string() == "defer-taskrun,no-iowait,multishot-accept");
    CHECK_THAT(rejection({"--disable", "warp"}), contains_text("--disable: 'warp' is no feature"));
    CHECK(rejection({"--disable", ""}) == "--disable: needs a value");
}

TEST_CASE("the drain timeout is a duration of at most a day") {
    CHECK(parse({"--drain-timeout", "0"}).options.drain_timeout == 0s);
    CHECK(parse({"--drain-timeout", "500us"}).options.drain_timeout == 500us);
    CHECK(parse({"--drain-timeout", "24h"}).options.drain_timeout == 24h);
    char const* const text =
        GENERATE("25h", "86401s", "5", "-1s", "1.5s", "forever", " 1s", "9999999999999999999999h");
    CAPTURE(text);
    CHECK_THAT(rejection({"--drain-timeout", text}),
               contains_text("is not a duration from 0 to 24h"));
}

TEST_CASE("cores are pinned on request") {
    CHECK(parse({"--pin-cpus"}).options.pin_cpus);
    CHECK(rejection({"--pin-cpus=yes"}) == "--pin-cpus: takes no value");
}

TEST_CASE("help and version win over values, and help over version") {
    CHECK(parse({"--help"}).action == Action::show_help);
    CHECK(parse({"--version"}).action == Action::show_version);
    CHECK(parse({"--version", "--help"}).action == Action::show_help);
    CHECK(parse({"--workers", "x", "--help"}).action == Action::show_help);
    CHECK_THAT(rejection({"--help", "--nonsense"}), contains_text("is not an option"));
}

TEST_CASE("an unknown option is refused with its name") {
    CHECK(rejection({"--nonsense"}) == "'--nonsense' is not an option");
    CHECK(rejection({"--nonsense=1"}) == "'--nonsense=1' is not an option");
    CHECK(rejection({"--a\nb"}) == "'--a\\x0ab' is not an option");
    CHECK(rejection({"--nonsense="}) == "'--nonsense' is not an option");
    CHECK(rejection({"--listen\x1b[2J="}) == "'--listen\\x1b[2J' is not an option");
    CHECK(rejection({"--="}) == "'' is not an option");
}

TEST_CASE("neither an abbreviation nor another spelling is an option") {
    char const* const text = GENERATE("--work", "--worker", "--h", "-h", "-help", "-l", "-V", "-",
                                      "--Help", "/help", "--listen_");
    CAPTURE(text);
    CHECK(rejection({text}) == "'" + std::string(text) + "' is not an option");
}

TEST_CASE("what is not an option is refused") {
    CHECK(rejection({"8888"}) == "'8888' is not an option");
    CHECK(rejection({"--workers", "1", "2"}) == "'2' is not an option");
    CHECK(rejection({""}) == "'' is not an option");
    CHECK(rejection({"--", "--help"}) == "'--help' is not an option");
}

TEST_CASE("an option without its value is refused by name") {
    CHECK(rejection({"--workers"}) == "--workers: needs a value");
    CHECK(rejection({"--workers="}) == "--workers: needs a value");
    CHECK(rejection({"--listen", "--workers", "1"}) == "--listen: needs a value");
    CHECK_THAT(rejection({"--workers", ""}), contains_text("--workers: "));
}

TEST_CASE("an option that is given twice is refused by name, unless it may be repeated") {
    CHECK(rejection({"--workers", "1", "--workers", "1"}) == "--workers: is given more than once");
    CHECK(rejection({"--drain-timeout=1s", "--drain-timeout=1s"}) ==
          "--drain-timeout: is given more than once");
    CHECK(rejection({"--help", "--help"}) == "--help: is given more than once");
}

TEST_CASE("every limit is read, and refused with option, value and range") {
    Command const command = parse(
        {"--max-connections=7", "--backlog=8", "--buffers=4x2K", "--max-pending=1M",
         "--max-pending-total=64MiB", "--idle-timeout=90s", "--send-timeout=1ms",
         "--linger-timeout=1h", "--stats-interval=10s", "--busy-poll=50us", "--batch-wait=20us"});
    CHECK(command.options.max_connections == 7);
    CHECK(command.options.backlog == 8);
    CHECK(command.options.buffers == kodama::BufferCount{4, 2048});
    CHECK(command.options.max_pending == 1u << 20);
    CHECK(command.options.max_pending_total == 64u << 20);
    CHECK(command.options.idle_timeout == 90s);
    CHECK(command.options.send_timeout == 1ms);
    CHECK(command.options.linger_timeout == 1h);
    CHECK(command.stats_interval == 10s);
    CHECK(command.options.busy_poll == 50us);
    CHECK(command.options.batch_wait == 20us);

    CHECK_FALSE(parse({}).options.busy_poll.has_value());
    CHECK_FALSE(parse({"--busy-poll=auto"}).options.busy_poll.has_value());
    CHECK(parse({"--busy-poll", "0"}).options.busy_poll == 0us);

    struct Row {
        char const* option;
        char const* value;
        char const* range;
    };
    Row const row = GENERATE(
        Row{"--max-connections", "0", "1 to 1048576"},
        Row{"--max-connections", "x", "1 to 1048576"}, Row{"--backlog", "65536", "1 to 65535"},
        Row{"--buffers", "4", "1x64 to 32768x1M"}, Row{"--buffers", "0x64", "1x64 to 32768x1M"},
        Row{"--buffers", "4x63", "1x64 to"}, Row{"--buffers", "32768x1M", "not more than 1G"},
        Row{"--max-pending", "2G", "1 to 1G"}, Row{"--max-pending-total", "4095", "4K to 1T"},
        Row{"--idle-timeout", "577h", "0 to 576h"}, Row{"--send-timeout", "5us", "1ms to 576h"},
        Row{"--linger-timeout", "-1s", "0 to 1h"}, Row{"--busy-poll", "2h", "0 to 1h"},
        Row{"--busy-poll", "automatic", "0 to 1h or auto"},
        Row{"--batch-wait", "11ms", "0 to 10ms"}, Row{"--stats-interval", "5us", "1ms to 576h"});
    std::string const message = rejection({row.option, row.value});
    CHECK_THAT(message, contains_text(std::string(row.option) + ": '" + row.value + "' is not "));
    CHECK_THAT(message, contains_text(row.range));
}

TEST_CASE("what the library calls max_pending_total is --max-pending-total to who typed it") {
    CHECK(app::in_terms_of_options("max_pending_total: 1 is too small") ==
          "--max-pending-total: 1 is too small");
    CHECK(app::in_terms_of_options("--listen: what is this") == "--listen: what is this");
    CHECK(app::in_terms_of_options("") == "");
}

TEST_CASE("an endpoint that is none is refused by the option's name") {
    CHECK_THAT(rejection({"--listen", "localhost:80", "--listen", "::1:80"}),
               contains_text("--listen: '::1:80' "));
    CHECK_THAT(rejection({"--listen", ""}), contains_text("--listen: "));
    CHECK_THAT(rejection({"--listen", "-5"}), contains_text("--listen: '-5' "));
}

TEST_CASE("a value of a million characters does no harm") {
    std::string const long_text(1'000'000, '9');
    CHECK_THAT(rejection({"--workers", long_text.c_str()}), contains_text("--workers: '999"));
    CHECK_THAT(rejection({"--listen", long_text.c_str()}), contains_text("--listen: '999"));
    CHECK_THAT(rejection({("--" + long_text).c_str()}), contains_text("is not an option"));
}

TEST_CASE("the help names every option, form, default, feature and exit code") {
    // Where lines are broken does not matter.
    std::string help = app::help_text();
    auto const two_spaces = [](char a, char b) { return a == ' ' && b == ' '; };
    std::replace(help.begin(), help.end(), '\n', ' ');
    help.erase(std::unique(help.begin(), help.end(), two_spaces), help.end());
    for (char const* text :
         {"--listen ENDPOINT", "--workers N|auto", "--pin-cpus", "--disable FEATURE",
          "--drain-timeout DURATION", "--version", "--help", "default localhost:8888", "default 5s",
          "default auto", "[V6]:PORT", "*:PORT", "500us", "KODAMA_DISABLE", " 0 ended", " 64 ",
          " 69 ", " 71 "}) {
        CAPTURE(text);
        CHECK_THAT(help, contains_text(text));
    }
    for (Feature const feature : kodama::all_features) {
        CHECK_THAT(help, contains_text(std::string(kodama::name_of(feature))));
    }
}

TEST_CASE("the version is the name and three numbers") {
    std::string const version = app::version_text();
    CHECK(version.rfind("kodama ", 0) == 0);
    CHECK(std::count(version.begin(), version.end(), '.') == 2);
}
