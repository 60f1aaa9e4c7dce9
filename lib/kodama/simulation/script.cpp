#include <kodama/simulation/script.hpp>

#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace kodama::simulation {

namespace {

// The parts of "peer 2 send_cut[0] = 3" and of "run slots[0] = 1".
std::optional<Decision> parse_line(std::string const& line) {
    // A stream takes "-1" for a very large number.
    if (line.find_first_of("+-") != std::string::npos) return std::nullopt;
    std::istringstream in(line);
    std::string who;
    std::string rest;
    Decision decision;
    if (!(in >> who)) return std::nullopt;
    if (who == "peer") {
        if (!(in >> decision.subject) || decision.subject == 0) return std::nullopt;
        if (decision.subject >= subjects_max) return std::nullopt;
    } else if (who != "run") {
        return std::nullopt;
    }
    std::string name;
    if (!std::getline(in >> std::ws, name, '[')) return std::nullopt;
    std::optional<Choice> const choice = choice_named(name);
    char bracket = 0;
    char equals = 0;
    if (!choice || !(in >> decision.index >> bracket >> equals >> decision.value)) {
        return std::nullopt;
    }
    if (bracket != ']' || equals != '=' || in >> rest) return std::nullopt;
    decision.choice = *choice;
    return decision;
}

} // namespace

std::string to_string(Decision const& decision) {
    std::string const who =
        decision.subject == whole_run ? "run" : "peer " + std::to_string(decision.subject);
    return who + " " + std::string(name_of(decision.choice)) + "[" +
           std::to_string(decision.index) + "] = " + std::to_string(decision.value);
}

std::string to_string(std::span<Decision const> script, std::string_view comment) {
    std::string text;
    std::istringstream lines{std::string(comment)};
    for (std::string line; std::getline(lines, line);)
        text += "# " + line + "\n";
    for (Decision const& decision : script)
        text += to_string(decision) + "\n";
    return text;
}

Script parse_script(std::string_view text) {
    Script script;
    std::istringstream lines{std::string(text)};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos || line.front() == '#') continue;
        std::optional<Decision> const decision = parse_line(line);
        if (!decision) {
            throw std::invalid_argument("line " + std::to_string(number) + ": \"" + line +
                                        "\" is no decision; \"peer 2 send_cut[0] = 3\" is one");
        }
        script.push_back(*decision);
    }
    return script;
}

} // namespace kodama::simulation
