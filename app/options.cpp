#include <app/options.hpp>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include <app/settings.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/server/validate.hpp>

namespace app {

namespace {

namespace po = boost::program_options;

using kodama::OptionError;
using kodama::quoted;

using kodama::Options;
using Values = std::vector<std::string>;

std::string description_of(Setting const& setting) {
    std::string text = setting.help;
    if (setting.wanted != nullptr) text += std::string(": ") + setting.wanted;
    if (!setting.default_value.empty()) text += " (default " + setting.default_value + ")";
    return text;
}

po::options_description described_options() {
    po::options_description options("Options", 80);
    auto add = options.add_options();
    for (Setting const& setting : all_settings()) {
        // Values are read as text and checked here, because boost's own messages tell no range.
        auto* const value = po::value<Values>()->value_name(setting.value_name);
        add(setting.name, value, description_of(setting).c_str());
    }
    add("pin-cpus", po::bool_switch(), "bind each worker to a core of its own");
    add("stats-interval", po::value<Values>()->value_name("DURATION"),
        "print the counters to stderr so often, as SIGUSR1 does once: 0 or a duration from 1ms to "
        "576h (default 0)");
    add("probe", po::bool_switch(),
        "tell what this machine has against what these options need, and exit");
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

// With the dashes.
bool is_option(po::options_description const& options, std::string const& name) {
    return name.rfind("--", 0) == 0 && options.find_nothrow(name.substr(2), false) != nullptr;
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
        // Boost asks for the value before it asks whether there is such an option.
        std::string const name = error.get_option_name();
        if (!is_option(options, name)) throw OptionError(quoted(name) + " is not an option");
        throw OptionError(name + ": " + problem_with(error));
    } catch (po::multiple_occurrences const& error) {
        throw OptionError(error.get_option_name() + ": is given more than once");
    } catch (po::error const& error) {
        throw OptionError(error.what());
    }
    return values;
}

Values const& given(po::variables_map const& values, std::string const& name) {
    static Values const none;
    return values.count(name) == 0 ? none : values[name].as<Values>();
}

void require_one(Values const& texts, std::string const& name) {
    if (texts.size() > 1) throw OptionError("--" + name + ": is given more than once");
}

[[noreturn]] void reject(std::string const& option, std::string const& text, char const* wanted) {
    throw OptionError("--" + option + ": " + quoted(text) + " is not " + wanted);
}

bool in_range(Options const& options) {
    try {
        kodama::validate(options);
        return true;
    } catch (OptionError const&) {
        return false; // and we know better what was typed
    }
}

Options options_from(po::variables_map const& values) {
    Options options;
    if (!given(values, "listen").empty()) options.listen.clear();
    for (Setting const& setting : all_settings()) {
        Values const& texts = given(values, setting.name);
        if (!setting.repeatable) require_one(texts, setting.name);
        for (std::string const& text : texts) {
            // It was in range before, so it is this option that is not.
            bool const good = setting.set(options, text) && in_range(options);
            if (!good) reject(setting.name, text, setting.wanted);
        }
    }
    options.pin_cpus = values["pin-cpus"].as<bool>();
    return options;
}

std::chrono::nanoseconds stats_interval_from(po::variables_map const& values) {
    using namespace std::chrono_literals;
    Values const& texts = given(values, "stats-interval");
    require_one(texts, "stats-interval");
    if (texts.empty()) return 0ns;
    auto const interval = kodama::parse_duration(texts.front());
    if (!interval || (*interval != 0ns && *interval < 1ms) || *interval > 576h) {
        reject("stats-interval", texts.front(), "0 or a duration from 1ms to 576h");
    }
    return *interval;
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
        command.action = values["probe"].as<bool>() ? Action::probe : Action::serve;
        command.options = options_from(values);
        command.stats_interval = stats_interval_from(values);
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
            "SIZE is in bytes, or with K, M or G.\n"
            "FEATURE is one of";
    char const* separator = " ";
    for (kodama::Feature const feature : kodama::all_features) {
        text << separator << kodama::name_of(feature);
        separator = ",\n  ";
    }
    text << ".\nThe environment variable KODAMA_DISABLE (a,b) adds to --disable.\n"
            "\n"
            "Ready once it prints 'listening on ADDRESS' for each address. SIGTERM or SIGINT\n"
            "drains; a second one ends at once. SIGUSR1 prints the counters.\n"
            "\n"
            "Exit codes:\n"
            "  0   ended by a signal, or help or version printed\n"
            "  64  an option is wrong\n"
            "  69  io_uring is not available or lacks something\n"
            "  71  the system refused something: a port in use, a limit too low\n";
    return text.str();
}

std::string in_terms_of_options(std::string const& message) {
    std::size_t const end = message.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    std::string name = message.substr(0, end);
    std::replace(name.begin(), name.end(), '_', '-');
    for (Setting const& setting : all_settings()) {
        if (setting.name == name)
            return "--" + name + message.substr(std::min(end, message.size()));
    }
    return message;
}

std::string version_text() { return "kodama " KODAMA_VERSION; }

} // namespace app
