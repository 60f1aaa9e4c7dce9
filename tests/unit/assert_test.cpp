// A release build defines this, and it must not matter.
#ifndef NDEBUG
#define NDEBUG
#endif

#include <kodama/base/assert.hpp>

#include <type_traits>

#include <support/catch.hpp>

namespace {

constexpr bool passed(bool condition) {
    KODAMA_ASSERT(condition);
    return true;
}

// Not a constant when the assertion fails, for then it calls what is not constexpr.
template <bool condition>
concept Passes = requires { typename std::bool_constant<passed(condition)>; };

static_assert(Passes<true>);

} // namespace

TEST_CASE("assertions are on although NDEBUG is defined, unless the build says otherwise") {
#ifdef KODAMA_NO_ASSERTIONS
    STATIC_REQUIRE(Passes<false>);
#else
    STATIC_REQUIRE_FALSE(Passes<false>);
#endif
}

TEST_CASE("an assertion evaluates its condition at most once and can stand where a statement can") {
    int evaluated = 0;
    auto const evaluate = [&] { return ++evaluated > 0; };
    if (evaluated == 0)
        KODAMA_ASSERT(evaluate());
    else
        KODAMA_ASSERT(false);
    CHECK(evaluated <= 1);
}
