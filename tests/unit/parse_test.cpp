#include <kodama/base/parse.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <support/catch.hpp>

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using kodama::parse_duration;
using kodama::parse_unsigned;
using kodama::print_duration;
using kodama::quoted;

TEST_CASE("a number is read when it is digits and nothing else") {
    CHECK(parse_unsigned("0") == std::uint64_t{0});
    CHECK(parse_unsigned("8888") == std::uint64_t{8888});
    CHECK(parse_unsigned("00080") == std::uint64_t{80});
    CHECK(parse_unsigned("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a text that is not a whole number is no number") {
    std::string_view const text =
        GENERATE(""sv, " "sv, "-1"sv, "+1"sv, " 1"sv, "1 "sv, "1\n"sv, "0x10"sv, "1e3"sv, "1.5"sv,
                 "1\0"sv, "\0"sv, "one"sv, "18446744073709551616"sv,
                 "99999999999999999999999999999999999999999"sv, "\xd9\xa1"sv);
    CAPTURE(quoted(text));
    CHECK_FALSE(parse_unsigned(text).has_value());
}

TEST_CASE("a duration has a unit unless it is 0") {
    CHECK(parse_duration("0") == 0ns);
    CHECK(parse_duration("0s") == 0ns);
    CHECK(parse_duration("7ns") == 7ns);
    CHECK(parse_duration("500us") == 500us);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("10s") == 10s);
    CHECK(parse_duration("2m") == 2min);
    CHECK(parse_duration("1h") == 1h);
    CHECK(parse_duration("9223372036854775807ns") == std::chrono::nanoseconds::max());
}

TEST_CASE("a text that is not a whole number with a unit is no duration") {
    std::string_view const text =
        GENERATE(""sv, "5"sv, "s"sv, "-1s"sv, "+1s"sv, "1.5s"sv, "1 s"sv, " 1s"sv, "1s "sv, "1S"sv,
                 "1sec"sv, "1s1s"sv, "1d"sv, "1ms\0"sv, "1\0s"sv, "inf"sv, "1\xc2\xb5s"sv);
    CAPTURE(quoted(text));
    CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("a duration too long to count in nanoseconds is refused") {
    std::string_view const text =
        GENERATE("9223372036854775808ns"sv, "9223372036854776us"sv, "9223372037s"sv, "2562048h"sv,
                 "18446744073709551615h"sv, "18446744073709551616ns"sv);
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
    CHECK(parse_duration("2562047h") == 2562047h);
}

TEST_CASE("a duration is printed in the largest exact unit") {
    CHECK(print_duration(0ns) == "0");
    CHECK(print_duration(5s) == "5s");
    CHECK(print_duration(90s) == "90s");
    CHECK(print_duration(120s) == "2m");
    CHECK(print_duration(3600s) == "1h");
    CHECK(print_duration(1500ms) == "1500ms");
    CHECK(print_duration(1us + 1ns) == "1001ns");
    CHECK(print_duration(-2s) == "-2s");
}

TEST_CASE("a printed duration reads back the same") {
    std::chrono::nanoseconds const duration =
        GENERATE(std::chrono::nanoseconds(0), std::chrono::nanoseconds(1), 999us, 1000us, 59s, 60s,
                 24h, std::chrono::nanoseconds::max());
    CAPTURE(duration.count());
    CHECK(parse_duration(print_duration(duration)) == duration);
}

TEST_CASE("a quoted text is one line without control characters") {
    CHECK(quoted("a b") == "'a b'");
    CHECK(quoted("") == "''");
    CHECK(quoted("a\n\0\x7f\x1b[31m"sv) == "'a\\x0a\\x00\\x7f\\x1b[31m'");
    CHECK(quoted("k\xc3\xb6") == "'k\xc3\xb6'");
}

TEST_CASE("sizes are bytes, or powers of 1024 of them, and are read as they are printed") {
    CHECK(kodama::parse_size("0") == 0u);
    CHECK(kodama::parse_size("4097") == 4097u);
    CHECK(kodama::parse_size("64K") == 65536u);
    CHECK(kodama::parse_size("64KiB") == 65536u);
    CHECK(kodama::parse_size("3M") == 3u << 20);
    CHECK(kodama::parse_size("16383P") == std::nullopt);
    CHECK(kodama::parse_size("16777215T") == 16777215ull << 40);
    CHECK(kodama::parse_size("16777216T") == std::nullopt);
    for (char const* text : {"", "K", "-1", "1k", "1KB", "1 K", "1KiBs", "1.5M", "0x10"}) {
        CAPTURE(text);
        CHECK(kodama::parse_size(text) == std::nullopt);
    }
    for (std::uint64_t const size :
         {0ull, 1ull, 1023ull, 1024ull, 1025ull, 1ull << 40, 5ull << 50}) {
        CHECK(kodama::parse_size(kodama::print_size(size)) == size);
    }
    CHECK(kodama::print_size(65536) == "64K");
    CHECK(kodama::print_size(256u << 20) == "256M");
}
