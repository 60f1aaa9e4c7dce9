#include <kodama/base/parse.hpp>

#include <array>
#include <charconv>
#include <system_error>

namespace kodama {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// From the largest on: print_duration takes the first that divides.
constexpr std::array<Unit, 6> units{{{"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

} // namespace

std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept {
    std::uint64_t value = 0;
    char const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
    std::size_t const digits = text.find_first_not_of("0123456789");
    std::optional<std::uint64_t> const count = parse_unsigned(text.substr(0, digits));
    if (!count) return std::nullopt;
    if (digits == std::string_view::npos) {
        if (*count != 0) return std::nullopt;
        return std::chrono::nanoseconds(0);
    }
    std::string_view const name = text.substr(digits);
    for (Unit const& unit : units) {
        if (unit.name != name) continue;
        auto const longest = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
        if (*count > longest / static_cast<std::uint64_t>(unit.nanoseconds)) return std::nullopt;
        return std::chrono::nanoseconds(static_cast<std::int64_t>(*count) * unit.nanoseconds);
    }
    return std::nullopt;
}

std::string print_duration(std::chrono::nanoseconds duration) {
    std::int64_t const count = duration.count();
    if (count == 0) return "0";
    for (Unit const& unit : units) {
        if (count % unit.nanoseconds == 0) {
            return std::to_string(count / unit.nanoseconds) + std::string(unit.name);
        }
    }
    return {}; // Never: one nanosecond divides everything.
}

std::string quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result = "'";
    for (char const character : text) {
        auto const byte = static_cast<unsigned char>(character);
        if (byte >= 0x20 && byte != 0x7f) {
            result += character;
        } else {
            result += "\\x";
            result += hex[byte >> 4];
            result += hex[byte & 0xf];
        }
    }
    return result + "'";
}

} // namespace kodama
