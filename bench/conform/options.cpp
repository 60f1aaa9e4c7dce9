#include <bench/conform/options.hpp>

#include <algorithm>
#include <sstream>

#include <boost/program_options.hpp>

#include <bench/conform/cases.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench::conform {

namespace {

namespace po = boost::program_options;

using Values = std::vector<std::string>;

constexpr std::size_t connections_max = 1'000'000;

po::options_description described_options() {
    po::options_description options("Options", 80);
    auto const text = [](char const* name) { return po::value<Values>()->value_name(name); };
    auto add = options.add_options();
    add("case", text("NAME"), "run this case alone; may be given more than once");
    add("connections", text("COUNT"),
        "how many connections the case 'many' holds at once: 1 to 1000000 (default 1000)");
    add("timeout", text("DURATION"), "of every single wait: 1ms to 1h (default 10s)");
    add("list", po::bool_switch(), "print the names of the cases and what they mean, and exit");
    add("json", po::bool_switch(), "print one JSON object instead of lines");
    add("version", po::bool_switch(), "print the version and exit");
    add("help", po::bool_switch(), "print this and exit");
    return options;
}

// Values are read as text and checked here, because boost's own messages tell no range.
po::variables_map parse(int argc, char const* const* argv) {
    int const style = po::command_line_style::allow_long |
                      po::command_line_style::long_allow_adjacent |
                      po::command_line_style::long_allow_next;
    po::options_description options = described_options();
    options.add_options()("target", po::value<Values>());
    po::positional_options_description positions;
    positions.add("target", -1);
    po::variables_map values;
    try {
        po::store(po::command_line_parser(argc, argv)
                      .options(options)
                      .positional(positions)
                      .style(style)
                      .run(),
                  values);
    } catch (po::unknown_option const& error) {
        throw OptionError(quoted(error.get_option_name()) + " is not an option");
    } catch (po::error const& error) {
        throw OptionError(error.what());
    }
    return values;
}

Values const& given(po::variables_map const& values, char const* name) {
    static Values const none;
    return values.count(name) == 0 ? none : values[name].as<Values>();
}

// The one value of an option, or nothing.
std::string const* single(po::variables_map const& values, char const* name) {
    Values const& texts = given(values, name);
    if (texts.size() > 1) throw OptionError(std::string("--") + name + ": is given more than once");
    return texts.empty() ? nullptr : &texts.front();
}

void set_connections(Options& options, std::string const& text) {
    auto const count = parse_unsigned(text);
    if (!count || *count < 1 || *count > connections_max) {
        throw OptionError("--connections: " + quoted(text) +
                          " is not a whole number from 1 to 1000000");
    }
    options.connections = *count;
}

void set_timeout(Options& options, std::string const& text) {
    using namespace std::chrono_literals;
    auto const timeout = parse_duration(text);
    if (!timeout || *timeout < 1ms || *timeout > 1h) {
        throw OptionError("--timeout: " + quoted(text) + " is not a duration from 1ms to 1h");
    }
    options.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
}

void set_cases(Options& options, Values const& names) {
    std::vector<Case> const cases = all_cases();
    for (std::string const& name : names) {
        auto const same = [&](Case const& one) { return one.name == name; };
        if (std::none_of(cases.begin(), cases.end(), same))
            throw OptionError("--case: " + quoted(name) + " is not a case; --list prints them");
    }
    options.cases = names;
}

} // namespace

Options parse_options(int argc, char const* const* argv) {
    po::variables_map const values = parse(argc, argv);
    Options options;
    options.help = values["help"].as<bool>();
    options.version = values["version"].as<bool>();
    options.list = values["list"].as<bool>();
    if (options.help || options.version || options.list) return options;
    options.json = values["json"].as<bool>();
    if (auto const* text = single(values, "connections")) set_connections(options, *text);
    if (auto const* text = single(values, "timeout")) set_timeout(options, *text);
    set_cases(options, given(values, "case"));
    Values const& targets = given(values, "target");
    if (targets.size() != 1) throw OptionError("one target HOST:PORT is needed");
    options.target = targets.front();
    return options;
}

std::string help_text() {
    std::ostringstream text;
    text << "Usage: kodama-conform HOST:PORT [OPTION]...\n"
            "Tries whether the server there is an echo server (RFC 862), under pressure too.\n\n"
         << described_options()
         << "\nPrints 'ok NAME', 'failed NAME: why' or 'skipped NAME: why' for each case, and\n"
            "'N passed, N failed, N skipped' at last.\n"
            "\n"
            "Exit codes:\n"
            "  0   no case failed\n"
            "  1   a case failed\n"
            "  64  an option is wrong\n"
            "  69  the target cannot be reached\n";
    return text.str();
}

} // namespace kodama::bench::conform
