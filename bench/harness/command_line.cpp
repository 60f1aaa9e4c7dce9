#include <bench/harness/command_line.hpp>

#include <sstream>

#include <boost/program_options.hpp>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

namespace po = boost::program_options;

using Values = std::vector<std::string>;

std::string description_of(Setting const& setting) {
    std::string text = setting.help;
    if (!setting.wanted.empty()) text += ": " + setting.wanted;
    if (!setting.default_value.empty()) text += " (default " + setting.default_value + ")";
    return text;
}

po::options_description described(std::vector<Setting> const& settings) {
    po::options_description options("Options", 80);
    auto add = options.add_options();
    for (Setting const& setting : settings) {
        // Values are read as text and checked here, because boost's own messages tell no range.
        po::value_semantic const* semantic = po::bool_switch();
        if (setting.value_name != nullptr)
            semantic = po::value<Values>()->value_name(setting.value_name);
        add(setting.name.c_str(), semantic, description_of(setting).c_str());
    }
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
    return name.starts_with("--") && options.find_nothrow(name.substr(2), false) != nullptr;
}

// Boost takes the next option for a value, and keeps arguments that are no options: one is the
// target.
void accept_or_reject(po::option const& option, CommandLine& command) {
    std::string const value = option.value.empty() ? "" : option.value.front();
    if (!option.string_key.empty()) {
        if (value.starts_with("--"))
            throw OptionError("--" + option.string_key + ": needs a value");
        return;
    }
    if (value.starts_with("-")) throw OptionError(quoted(value) + " is not an option");
    if (!command.target.empty()) {
        throw OptionError(quoted(value) + ": there is a target already, " + quoted(command.target));
    }
    command.target = value;
}

po::variables_map parse(int argc, char const* const* argv, std::vector<Setting> const& settings,
                        CommandLine& command) {
    po::options_description const options = described(settings);
    // Nothing is abbreviated: what is typed today must not mean something else when options are
    // added.
    int const style = po::command_line_style::allow_long |
                      po::command_line_style::long_allow_adjacent |
                      po::command_line_style::long_allow_next;
    po::variables_map values;
    try {
        po::parsed_options parsed =
            po::command_line_parser(argc, argv).options(options).style(style).run();
        for (po::option const& option : parsed.options)
            accept_or_reject(option, command);
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

void apply(Setting const& setting, po::variables_map const& values) {
    if (values.count(setting.name) == 0) return;
    if (setting.value_name == nullptr) {
        if (values[setting.name].as<bool>()) static_cast<void>(setting.set({}));
        return;
    }
    auto const& texts = values[setting.name].as<Values>();
    if (texts.size() > 1 && !setting.repeatable)
        throw OptionError("--" + setting.name + ": is given more than once");
    for (std::string const& text : texts) {
        if (setting.set(text)) continue;
        throw OptionError("--" + setting.name + ": " + quoted(text) + " is not " + setting.wanted);
    }
}

} // namespace

CommandLine parse_command_line(int argc, char const* const* argv,
                               std::vector<Setting> const& settings) {
    CommandLine command;
    po::variables_map const values = parse(argc, argv, settings, command);
    command.help = values["help"].as<bool>();
    command.version = values["version"].as<bool>();
    if (command.help || command.version) return command;
    for (Setting const& setting : settings)
        apply(setting, values);
    if (command.target.empty()) throw OptionError("TARGET: is missing; it is HOST:PORT");
    return command;
}

std::string describe(std::vector<Setting> const& settings) {
    std::ostringstream text;
    text << described(settings);
    return text.str();
}

} // namespace kodama::bench
