// A run as text: the decisions that were not benign, one a line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

using Script = std::vector<Decision>;

// "peer 2 send_cut[0] = 3": the first send to peer 2 takes 3 bytes at most.
[[nodiscard]] std::string to_string(Decision const& decision);

// Every line of `comment` begins with "# ".
[[nodiscard]] std::string to_string(std::span<Decision const> script, std::string_view comment);

// Lines that begin with # and empty ones are passed over. Throws std::invalid_argument with the
// number of the line and what is wrong with it.
[[nodiscard]] Script parse_script(std::string_view text);

} // namespace kodama::simulation
