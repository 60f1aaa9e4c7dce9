// Small files of the kernel's, such as those in /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama::bench {

// Nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> read_text_file(std::string const& path);

// The words of a text, which spaces and ends of lines part.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text);

} // namespace kodama::bench
