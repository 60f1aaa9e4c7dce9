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

constexpr std::string_view size_units = "KMGT"; // 1024 to the power of 1, 2, 3, 4

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

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    std::size_t const digits = text.find_first_not_of("0123456789");
    std::optional<std::uint64_t> const count = parse_unsigned(text.substr(0, digits));
    if (!count || digits == std::string_view::npos) return count;
    std::string_view unit = text.substr(digits);
    if (unit.size() == 3 && unit.substr(1) == "iB") unit = unit.substr(0, 1);
    std::size_t const power = unit.size() == 1 ? size_units.find(unit) : std::string_view::npos;
    if (power == std::string_view::npos) return std::nullopt;
    unsigned const shift = 10 * (static_cast<unsigned>(power) + 1);
    if (*count > ~std::uint64_t{0} >> shift) return std::nullopt;
    return *count << shift;
}

std::string print_size(std::uint64_t size) {
    std::size_t power = 0;
    while (size != 0 && size % 1024 == 0 && power < size_units.size()) {
        size /= 1024;
        ++power;
    }
    return std::to_string(size) +
           std::string(size_units.substr(power > 0 ? power - 1 : 0, power > 0 ? 1 : 0));
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
