// Catch2, version 2 (Debian 12) or 3 (the wrap): tests include this and need not know which.
#pragma once

#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

// Ends the test case and reports it as skipped. `reason` is a string.
#define KODAMA_SKIP(reason) SKIP(reason)

#else
#include <catch2/catch.hpp>

namespace kodama::testing {

// Tells our main (catch_main.cpp), which reports the test case.
void note_skip(std::string const& reason);

} // namespace kodama::testing

// Version 2 knows no skipping: the test case returns, so use this only in its own body, not in a
// function or a lambda that it calls.
#define KODAMA_SKIP(reason)                                                                        \
    do {                                                                                           \
        ::kodama::testing::note_skip(reason);                                                      \
        return;                                                                                    \
    } while (false)
#endif

namespace kodama::testing {

// For CHECK_THAT and CHECK_THROWS_WITH: the two versions name this matcher differently.
inline auto contains_text(std::string const& text) {
#if __has_include(<catch2/catch_all.hpp>)
    return Catch::Matchers::ContainsSubstring(text);
#else
    return Catch::Matchers::Contains(text);
#endif
}

} // namespace kodama::testing
