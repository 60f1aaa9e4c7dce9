// How much the tests do: the environment variable KODAMA_TEST_SCALE says `small` (a twentieth, for
// sanitizers and fallbacks), `normal` (the default) or `full` (adds what takes minutes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kodama::testing {

enum class Scale { small, normal, full };

[[nodiscard]] inline Scale scale() {
    char const* const value = std::getenv("KODAMA_TEST_SCALE");
    std::string_view const text = value == nullptr ? "normal" : value;
    if (text == "small") return Scale::small;
    if (text == "normal" || text.empty()) return Scale::normal;
    if (text == "full") return Scale::full;
    throw std::invalid_argument("KODAMA_TEST_SCALE: '" + std::string(text) +
                                "' is none of small, normal, full");
}

// A count as the issue states it, or a twentieth of it, at least one.
[[nodiscard]] inline std::size_t scaled(std::size_t count) {
    if (scale() != Scale::small) return count;
    return count < 20 ? 1 : count / 20;
}

// The seed of everything random in the tests: KODAMA_TEST_SEED, or always the same one. Tests print
// it on failure with INFO.
[[nodiscard]] inline std::uint64_t test_seed() {
    char const* const value = std::getenv("KODAMA_TEST_SEED");
    return value == nullptr ? 20240229 : std::stoull(value);
}

} // namespace kodama::testing
