// The binary `kodama`, running.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <support/child_process.hpp>

namespace kodama::testing {

// What the environment variable KODAMA_BINARY says; empty where it is not set.
[[nodiscard]] std::string kodama_binary();

// `kodama` with these arguments, run by `wrapper` (such as strace with its own arguments) if given.
[[nodiscard]] Command kodama_command(std::vector<std::string> const& arguments,
                                     std::vector<std::string> const& environment = {},
                                     std::vector<std::string> const& wrapper = {});

// Reads a line "listening on ADDRESS:PORT" and returns the port; throws when it is another line.
[[nodiscard]] std::uint16_t listening_port(ChildProcess& process);

// Started, listening on a free port of 127.0.0.1, and ready.
class KodamaProcess : public ChildProcess {
public:
    explicit KodamaProcess(std::vector<std::string> const& arguments = {},
                           std::vector<std::string> const& wrapper = {})
        : ChildProcess(kodama_command(with_listen(arguments), {}, wrapper)),
          port_(listening_port(*this)) {}

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    static std::vector<std::string> with_listen(std::vector<std::string> arguments);

    std::uint16_t port_;
};

} // namespace kodama::testing
