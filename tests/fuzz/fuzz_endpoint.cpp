// Everything that the library reads as text: it accepts a text or refuses it, and what it accepts
// is the same again after printing.
#include <kodama/net/endpoint.hpp>

#include <cctype>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/ring/features.hpp>

#include <fuzz/bytes.hpp>
#include <fuzz/target.hpp>

using kodama::Endpoint;
using kodama::fuzz::check_message;

namespace {

constexpr char const* option = "--listen";

// Nothing else may be thrown: it would escape from here.
template <class Parse> auto accepted(Parse parse) -> std::optional<decltype(parse())> {
    try {
        return parse();
    } catch (kodama::OptionError const& error) {
        check_message(error.what(), std::string(option) + ": ");
        return std::nullopt;
    }
}

// parse_unsigned once more, as one would do it by hand.
std::optional<std::uint64_t> number_in(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (char const digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        if (__builtin_mul_overflow(value, std::uint64_t{10}, &value)) return std::nullopt;
        if (__builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value)) {
            return std::nullopt;
        }
    }
    return value;
}

// So for units: each with its factor, of which the text may end in one.
using Units = std::vector<std::pair<std::string_view, std::uint64_t>>;

std::optional<std::uint64_t> number_with_unit(std::string_view text, Units const& units) {
    for (auto const& [unit, factor] : units) {
        if (text.size() < unit.size() || text.substr(text.size() - unit.size()) != unit) continue;
        auto const number = number_in(text.substr(0, text.size() - unit.size()));
        std::uint64_t value = 0;
        if (!number) continue;
        if (__builtin_mul_overflow(*number, factor, &value)) return std::nullopt;
        return value;
    }
    return std::nullopt;
}

// Hosts that the resolver need not be asked for: all that resolve() does with them is reading.
void check_resolved(Endpoint const& endpoint) {
    bool const is_v4 = endpoint.host.find(':') == endpoint.host.npos;
    try {
        std::vector<kodama::Address> const addresses = kodama::resolve(endpoint);
        FUZZ_CHECK(addresses.size() == 1);
        FUZZ_CHECK(addresses.front().port() == endpoint.port);
        if (is_v4) FUZZ_CHECK(addresses.front().to_string() == endpoint.to_string());
    } catch (kodama::SetupError const& error) {
        check_message(error.what(), "cannot find the address of '");
        // Only an interface may be unknown.
        FUZZ_CHECK(endpoint.host.find('%') != endpoint.host.npos);
    }
}

void check_host(std::string_view host) {
    FUZZ_CHECK(!host.empty());
    FUZZ_CHECK(host.back() != '%');
    FUZZ_CHECK(host.front() != '-');
    for (char const character : host) {
        bool const is_plain = std::isalnum(static_cast<unsigned char>(character)) != 0;
        FUZZ_CHECK(is_plain || std::string_view("._-:%*").find(character) != host.npos);
    }
}

void check_endpoint(std::string_view text) {
    auto const endpoint = accepted([text] { return kodama::parse_endpoint(option, text); });
    if (!endpoint) return;
    std::string const& host = endpoint->host;
    check_host(host);
    std::size_t const colon = text.rfind(':');
    std::string_view const before = text.substr(0, colon == text.npos ? 0 : colon);
    FUZZ_CHECK(number_in(text.substr(colon + 1)) == endpoint->port); // npos + 1 is 0
    FUZZ_CHECK(before == host || before == "[" + host + "]" || host == "localhost");
    FUZZ_CHECK(kodama::parse_endpoint(option, endpoint->to_string()) == *endpoint);
    bool const is_v6 = host.find(':') != host.npos;
    if (is_v6 || host.find_first_not_of(".0123456789") == host.npos) check_resolved(*endpoint);
}

void check_features(std::string_view text) {
    auto const features = accepted([text] { return kodama::parse_features(option, text); });
    if (!features) return;
    std::string const list = "," + std::string(text) + ",";
    for (kodama::Feature const feature : kodama::all_features) {
        std::string const name = "," + std::string(kodama::name_of(feature)) + ",";
        FUZZ_CHECK(features->has(feature) == (list.find(name) != list.npos));
    }
    if (features->empty()) return; // prints as "none", for people
    FUZZ_CHECK(kodama::parse_features(option, features->to_string()) == *features);
}

void check_size(std::uint64_t size) {
    FUZZ_CHECK(kodama::parse_size(kodama::print_size(size)) == size);
}

void check_duration(std::chrono::nanoseconds duration) {
    FUZZ_CHECK(duration.count() >= 0);
    FUZZ_CHECK(kodama::parse_duration(kodama::print_duration(duration)) == duration);
}

void check_numbers(std::string_view text) {
    constexpr std::uint64_t one = 1;
    static Units const sizes{
        {"", 1},           {"K", one << 10},   {"M", one << 20},   {"G", one << 30},
        {"T", one << 40},  {"KiB", one << 10}, {"MiB", one << 20}, {"GiB", one << 30},
        {"TiB", one << 40}};
    static Units const durations{{"ns", 1},
                                 {"us", 1'000},
                                 {"ms", 1'000'000},
                                 {"s", 1'000'000'000},
                                 {"m", 60'000'000'000},
                                 {"h", 3'600'000'000'000}};
    FUZZ_CHECK(kodama::parse_unsigned(text) == number_in(text));
    auto const size = kodama::parse_size(text);
    FUZZ_CHECK(size == number_with_unit(text, sizes));
    if (size) check_size(*size);
    auto const duration = kodama::parse_duration(text);
    auto const expected = number_in(text) == 0 ? 0 : number_with_unit(text, durations);
    if (expected && *expected <= std::numeric_limits<std::int64_t>::max()) {
        FUZZ_CHECK(duration);
        FUZZ_CHECK(static_cast<std::uint64_t>(duration->count()) == *expected);
        check_duration(*duration);
    } else {
        FUZZ_CHECK(!duration);
    }
}

void check_quoted(std::string_view text) {
    std::string const quoted = kodama::quoted(text);
    check_message(quoted, "'");
    FUZZ_CHECK(quoted.back() == '\'');
    FUZZ_CHECK(quoted.size() >= text.size() + 2);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    check_endpoint(text);
    check_features(text);
    check_numbers(text);
    check_quoted(text);
    // The same from the other side: any value, printed.
    std::uint64_t const value = kodama::fuzz::Bytes(data, size).number(8);
    check_size(value);
    check_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(value >> 1)));
    return 0;
}
