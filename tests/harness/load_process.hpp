// The binary `kodama-load`, run by a test.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <support/child_process.hpp>

namespace kodama::testing {

// The environment variable KODAMA_LOAD says where it is.
[[nodiscard]] inline Command load_command(std::string const& target,
                                          std::vector<std::string> const& arguments) {
    char const* const value = std::getenv("KODAMA_LOAD");
    Command command{.arguments = {value == nullptr ? "" : value, target}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return command;
}

// Run to its end, with --json.
class LoadRun {
public:
    LoadRun(std::string const& target, std::vector<std::string> arguments)
        : LoadRun(run_to_end(load_command(target, with_json(std::move(arguments))))) {}

    explicit LoadRun(Finished finished) : finished_(std::move(finished)) {}

    [[nodiscard]] int exit_code() const noexcept { return finished_.exit_code; }

    [[nodiscard]] std::string const& output() const noexcept { return finished_.output; }

    [[nodiscard]] std::string const& errors() const noexcept { return finished_.errors; }

    // What stands behind the first "name":, up to the next comma or bracket.
    [[nodiscard]] std::string text(std::string const& name) const {
        std::string const key = "\"" + name + "\":";
        std::size_t const at = finished_.output.find(key);
        if (at == std::string::npos) {
            throw std::runtime_error("no " + key + " in '" + finished_.output + "', stderr '" +
                                     finished_.errors + "'");
        }
        std::size_t const from = at + key.size();
        return finished_.output.substr(from, finished_.output.find_first_of(",]}", from) - from);
    }

    [[nodiscard]] double number(std::string const& name) const { return std::stod(text(name)); }

    // "wrong_byte 1", or "none".
    [[nodiscard]] std::string failures() const {
        std::string all;
        for (char const* const kind :
             {"refused", "reset", "ended_early", "wrong_byte", "timed_out", "other"}) {
            if (text(kind) != "0") all += (all.empty() ? "" : ", ") + (kind + (" " + text(kind)));
        }
        return all.empty() ? "none" : all;
    }

private:
    static std::vector<std::string> with_json(std::vector<std::string> arguments) {
        arguments.emplace_back("--json");
        return arguments;
    }

    Finished finished_;
};

} // namespace kodama::testing
