#include <bench/harness/sizes.hpp>

#include <set>
#include <vector>

#include <support/catch.hpp>

using kodama::bench::Random;
using kodama::bench::Sizes;

namespace {

std::vector<std::uint32_t> draw(Sizes sizes, std::size_t count, std::uint64_t seed = 1) {
    Random random(seed);
    std::vector<std::uint32_t> drawn;
    for (std::size_t index = 0; index < count; ++index)
        drawn.push_back(sizes.next(random));
    return drawn;
}

} // namespace

TEST_CASE("one size is always the same") {
    Sizes const sizes = *Sizes::parse("4K");
    CHECK(draw(sizes, 3) == std::vector<std::uint32_t>{4096, 4096, 4096});
    CHECK(sizes.smallest() == 4096);
    CHECK(sizes.largest() == 4096);
    CHECK(sizes.text() == "4K");
}

TEST_CASE("a list of sizes is taken in turn") {
    Sizes const sizes = *Sizes::parse("64,1,4K");
    CHECK(draw(sizes, 5) == std::vector<std::uint32_t>{64, 1, 4096, 64, 1});
    CHECK(sizes.smallest() == 1);
    CHECK(sizes.largest() == 4096);
}

TEST_CASE("a range of sizes is drawn from evenly, both ends included, the same for each seed") {
    Sizes const sizes = *Sizes::parse("10-13");
    auto const drawn = draw(sizes, 4000);
    CHECK(std::set(drawn.begin(), drawn.end()) == std::set<std::uint32_t>{10, 11, 12, 13});
    CHECK(std::count(drawn.begin(), drawn.end(), 13u) > 800);
    CHECK(drawn == draw(sizes, 4000));
    CHECK(drawn != draw(sizes, 4000, 2));
    CHECK(sizes.smallest() == 10);
    CHECK(sizes.largest() == 13);
    CHECK(draw(*Sizes::parse("7-7"), 2) == std::vector<std::uint32_t>{7, 7});
}

TEST_CASE("what is no size is refused") {
    for (char const* const text : {"", "0", "x", "64,", ",64", "64,,64", "64,0", "5-4", "-5", "5-",
                                   "1-2-3", "64M1", "65M", "1-65M", "64 ", "-", ","}) {
        CAPTURE(text);
        CHECK_FALSE(Sizes::parse(text));
    }
    CHECK(Sizes::parse("64M"));
}
