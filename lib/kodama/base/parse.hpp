// Reading numbers and durations as people write them, and writing them back.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama {

// Digits and nothing else; nothing for a sign, a space, an empty text or a value of 2^64 and more.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept;

// "500us", "10s", "0": a whole number and one of ns, us, ms, s, m, h. Only 0 needs no unit. Nothing
// for anything else, and for what is too long to count in nanoseconds (292 years).
[[nodiscard]] std::optional<std::chrono::nanoseconds>
parse_duration(std::string_view text) noexcept;

// Bytes: "4096", "64K", "1M", "2G", or with KiB, MiB, GiB; all of them powers of 1024. Nothing for
// anything else, and for 2^64 and more.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// parse_size reads it back: "64K", "4097".
[[nodiscard]] std::string print_size(std::uint64_t size);

// In the largest unit that gives a whole number: "90s", "2m", "0". parse_duration reads it back.
[[nodiscard]] std::string print_duration(std::chrono::nanoseconds duration);

// 'text', with control characters as \x0a: for messages, which have to stay one line, and end at
// a NUL where they are read as C strings.
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace kodama
