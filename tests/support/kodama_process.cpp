#include <support/kodama_process.hpp>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace kodama::testing {

std::string kodama_binary() {
    char const* const value = std::getenv("KODAMA_BINARY");
    return value == nullptr ? "" : value;
}

Command kodama_command(std::vector<std::string> const& arguments,
                       std::vector<std::string> const& environment,
                       std::vector<std::string> const& wrapper) {
    Command command{.arguments = wrapper, .environment = environment};
    // The leak checker traces its own process, which it cannot where another program does so.
    if (!wrapper.empty()) {
        char const* const value = std::getenv("ASAN_OPTIONS");
        std::string const options = value == nullptr ? "" : std::string(value) + ":";
        command.environment.push_back("ASAN_OPTIONS=" + options + "detect_leaks=0");
    }
    command.arguments.push_back(kodama_binary());
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return command;
}

std::uint16_t listening_port(ChildProcess& process) {
    std::string const line = process.read_line();
    std::size_t const colon = line.rfind(':');
    if (!line.starts_with("listening on ") || colon == std::string::npos) {
        throw std::runtime_error("kodama printed '" + line + "', not what it listens on");
    }
    return static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1)));
}

std::vector<std::string> KodamaProcess::with_listen(std::vector<std::string> arguments) {
    if (std::find(arguments.begin(), arguments.end(), "--listen") == arguments.end()) {
        arguments.insert(arguments.begin(), {"--listen", "127.0.0.1:0"});
    }
    return arguments;
}

} // namespace kodama::testing
