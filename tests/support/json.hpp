// The little of JSON that the tests read.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kodama::testing {

// The number behind the last line's first "name":, for the counters of a server.
[[nodiscard]] inline std::uint64_t json_number(std::string const& text, std::string_view name) {
    std::size_t const line = text.rfind("{\"turns\":", text.rfind("\"workers\""));
    std::string const key = "\"" + std::string(name) + "\":";
    std::size_t const at = line == std::string::npos ? line : text.find(key, line);
    if (at == std::string::npos) throw std::runtime_error("no " + key + " in " + text);
    return std::stoull(text.substr(at + key.size()));
}

} // namespace kodama::testing
