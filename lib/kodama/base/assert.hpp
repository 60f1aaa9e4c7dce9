// Assertions that stay on in release: a state that must not be is a reason to stop, not to guess.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace kodama {

// The one place in the library that prints: the process is about to end, and a supervisor's log is
// the only witness.
[[noreturn, gnu::cold]] inline void assertion_failed(char const* expression, char const* file,
                                                     int line) noexcept {
    std::fprintf(stderr, "kodama: %s:%d: assertion failed: %s\n", file, line, expression);
    std::abort();
}

} // namespace kodama

// On unless the build says -Dassertions=false. Conditions must have no side effects.
#ifdef KODAMA_NO_ASSERTIONS
#define KODAMA_ASSERT(condition) static_cast<void>(sizeof(bool(condition)))
#else
#define KODAMA_ASSERT(condition)                                                                   \
    ((condition) ? static_cast<void>(0)                                                            \
                 : ::kodama::assertion_failed(#condition, __FILE__, __LINE__))
#endif
