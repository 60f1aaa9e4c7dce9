#include <app/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/net/endpoint.hpp>

namespace app {

namespace {

namespace po = boost::program_options;

using kodama::OptionError;
using kodama::quoted;

constexpr std::uint64_t workers_max = 1024;
constexpr std::chrono::hours drain_timeout_max{24};

po::options_description described_options() {
    kodama::Options const defaults;
    std::string const listen = defaults.listen.front();
    std::string const drain_timeout = kodama::print_duration(defaults.drain_timeout);
    // Values are read as text and checked here, because boost's own messages tell no range.
    auto const text = [](char const* value_name) {
        return po::value<std::string>()->value_name(value_name);
    };
    auto const texts = [](char const* value_name) {
        return po::value<std::vector<std::string>>()->value_name(value_name);
    };
    po::options_description options("Options", 80);
    auto add = options.add_options();
    add("listen", texts("ENDPOINT"),
        ("where to listen; repeat it for more (default " + listen + ")").c_str());
    add("workers", text("N|auto"),
        "threads, 1 to 1024; auto is one for each core that the affinity mask and the cgroup's "
        "quota allow (default auto)");
    add("pin-cpus", po::bool_switch(), "bind each worker to a core of its own");
    add("disable", texts("FEATURE"),
        "do without a feature that the kernel has; repeat it or write a,b for more");
    add("drain-timeout", text("DURATION"),
        ("how long to drain before what is left is reset, 0 to 24h (default " + drain_timeout + ")")
            .c_str());
    add("version", po::bool_switch(), "print the version and exit");
    add("help", po::bool_switch(), "print this and exit");
    return options;
}

std::string problem_with(po::invalid_command_line_syntax const& error) {
    switch (error.kind()) {
    case po::invalid_syntax::missing_parameter:
    case po::invalid_syntax::empty_adjacent_parameter:
        return "needs a value";
    case po::invalid_syntax::extra_parameter:
        return "takes no value";
    default:
        return "is not written as --option or --option VALUE";
    }
}

// Boost keeps arguments that are no options, and takes the next option for a value.
void reject_misread(po::option const& option) {
    std::string const value = option.value.empty() ? "" : option.value.front();
    if (option.string_key.empty()) throw OptionError(quoted(value) + " is not an option");
    if (value.rfind("--", 0) == 0) throw OptionError("--" + option.string_key + ": needs a value");
}

// The parsed command line; all that boost may object to becomes an OptionError.
po::variables_map parse(int argc, char const* const* argv) {
    po::options_description const options = described_options();
    // Neither "--work" for "--workers" nor "-l" for "--listen": what is typed today must not mean
    // something else when options are added.
    int const style = po::command_line_style::allow_long |
                      po::command_line_style::long_allow_adjacent |
                      po::command_line_style::long_allow_next;
    po::variables_map values;
    try {
        po::parsed_options const parsed =
            po::command_line_parser(argc, argv).options(options).style(style).run();
        for (po::option const& option : parsed.options)
            reject_misread(option);
        po::store(parsed, values);
    } catch (po::unknown_option const& error) {
        throw OptionError(quoted(error.get_option_name()) + " is not an option");
    } catch (po::invalid_command_line_syntax const& error) {
        throw OptionError(error.get_option_name() + ": " + problem_with(error));
    } catch (po::multiple_occurrences const& error) {
        throw OptionError(error.get_option_name() + ": is given more than once");
    } catch (po::error const& error) {
        throw OptionError(error.what());
    }
    return values;
}

std::uint32_t parse_workers(std::string const& text) {
    if (text == "auto") return 0;
    std::optional<std::uint64_t> const count = kodama::parse_unsigned(text);
    if (!count || *count < 1 || *count > workers_max) {
        throw OptionError("--workers: " + quoted(text) + " is not a number from 1 to 1024 or auto");
    }
    return static_cast<std::uint32_t>(*count);
}

std::chrono::nanoseconds parse_drain_timeout(std::string const& text) {
    std::optional<std::chrono::nanoseconds> const timeout = kodama::parse_duration(text);
    if (!timeout || *timeout > drain_timeout_max) {
        throw OptionError("--drain-timeout: " + quoted(text) +
                          " is not a duration from 0 to 24h, such as 500us, 10s or 2m");
    }
    return *timeout;
}

kodama::FeatureSet parse_disabled(std::string const& text) {
    if (text.empty()) throw OptionError("--disable: needs a value");
    return kodama::parse_features("--disable", text);
}

kodama::Options options_from(po::variables_map const& values) {
    kodama::Options options;
    if (values.count("listen") != 0) {
        options.listen = values["listen"].as<std::vector<std::string>>();
        // The library reads them again; here they are checked under the option's own name.
        for (std::string const& text : options.listen) {
            static_cast<void>(kodama::parse_endpoint("--listen", text));
        }
    }
    if (values.count("workers") != 0) {
        options.workers = parse_workers(values["workers"].as<std::string>());
    }
    options.pin_cpus = values["pin-cpus"].as<bool>();
    if (values.count("disable") != 0) {
        for (std::string const& text : values["disable"].as<std::vector<std::string>>()) {
            options.disabled.add(parse_disabled(text));
        }
    }
    if (values.count("drain-timeout") != 0) {
        options.drain_timeout = parse_drain_timeout(values["drain-timeout"].as<std::string>());
    }
    return options;
}

} // namespace

Command parse_command_line(int argc, char const* const* argv) {
    po::variables_map const values = parse(argc, argv);
    Command command;
    if (values["help"].as<bool>()) {
        command.action = Action::show_help;
    } else if (values["version"].as<bool>()) {
        command.action = Action::show_version;
    } else {
        command.options = options_from(values);
    }
    return command;
}

std::string help_text() {
    std::ostringstream text;
    text << "Usage: kodama [OPTION]...\n"
            "A TCP echo server on io_uring.\n\n"
         << described_options()
         << "\nENDPOINT is PORT (on localhost), HOST:PORT, [V6]:PORT or *:PORT (all addresses\n"
            "of both families). Port 0 takes a free port, which is printed.\n"
            "DURATION is a whole number with ns, us, ms, s, m or h, as in 500us or 10s, or 0.\n"
            "FEATURE is one of";
    char const* separator = " ";
    for (kodama::Feature const feature : kodama::all_features) {
        text << separator << kodama::name_of(feature);
        separator = ",\n  ";
    }
    text << ".\nThe environment variable KODAMA_DISABLE (a,b) adds to --disable.\n"
            "\n"
            "Ready once it prints 'listening on ADDRESS' for each address. SIGTERM or SIGINT\n"
            "drains; a second one ends at once.\n"
            "\n"
            "Exit codes:\n"
            "  0   ended by a signal, or help or version printed\n"
            "  64  an option is wrong\n"
            "  69  io_uring is not available or lacks something\n"
            "  71  the system refused something: a port in use, a limit too low\n";
    return text.str();
}

std::string version_text() { return "kodama " KODAMA_VERSION; }

} // namespace app
