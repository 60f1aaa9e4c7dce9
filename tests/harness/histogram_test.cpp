#include <bench/harness/histogram.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <bench/harness/random.hpp>
#include <support/catch.hpp>

using kodama::bench::Histogram;
using kodama::bench::Random;

namespace {

constexpr double percents[] = {0.1, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100};

// The smallest value that is not below so many per cent of all.
std::uint64_t exact_percentile(std::vector<std::uint64_t> const& sorted, double percent) {
    auto const count = static_cast<double>(sorted.size());
    auto const rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * count - 1e-6));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void compare_with_sorting(std::vector<std::uint64_t> values) {
    auto const histogram = std::make_unique<Histogram>();
    for (std::uint64_t const value : values)
        histogram->record(value);
    std::sort(values.begin(), values.end());
    for (double const percent : percents) {
        std::uint64_t const exact = exact_percentile(values, percent);
        std::uint64_t const told = histogram->percentile(percent);
        CAPTURE(percent, exact, told);
        CHECK(told >= exact);
        CHECK(static_cast<double>(told - exact) <= static_cast<double>(exact) / 128.0);
    }
    CHECK(histogram->count() == values.size());
    CHECK(histogram->max() == values.back());
    double sum = 0;
    for (std::uint64_t const value : values)
        sum += static_cast<double>(value);
    CHECK(histogram->mean() == Approx(sum / static_cast<double>(values.size())));
}

} // namespace

TEST_CASE("percentiles are those of sorting, to within one per cent") {
    Random random(1);
    for (std::size_t const size : {1u, 2u, 3u, 10u, 999u, 1000u, 20'000u}) {
        std::vector<std::uint64_t> uniform(size);
        std::vector<std::uint64_t> exponential(size);
        std::vector<std::uint64_t> wide(size);
        for (std::size_t index = 0; index < size; ++index) {
            uniform[index] = random.below(1'000'000);
            exponential[index] =
                static_cast<std::uint64_t>(-std::log(random.fraction()) * 50'000.0);
            wide[index] = random.next() >> (22 + random.below(40));
        }
        compare_with_sorting(uniform);
        compare_with_sorting(exponential);
        compare_with_sorting(wide);
    }
}

TEST_CASE("small values are told exactly") {
    Histogram histogram;
    for (std::uint64_t value = 0; value < 256; ++value)
        histogram.record(value);
    CHECK(histogram.percentile(50) == 127);
    CHECK(histogram.percentile(100) == 255);
    std::uint64_t expected = 0;
    histogram.for_each_bucket([&](std::uint64_t upper_edge, std::uint64_t count) {
        CHECK(upper_edge == expected++);
        CHECK(count == 1);
    });
    CHECK(expected == 256);
}

TEST_CASE("every value falls into a bucket whose edge is at most one per cent away") {
    for (unsigned bit = 0; bit < 42; ++bit) {
        for (std::uint64_t const more : {0u, 1u}) {
            std::uint64_t const power = std::uint64_t{1} << bit;
            std::uint64_t const value = more == 0 ? power - 1 : power;
            Histogram histogram;
            histogram.record(value);
            histogram.for_each_bucket([&](std::uint64_t upper_edge, std::uint64_t count) {
                CHECK(count == 1);
                CHECK(upper_edge >= value);
                CHECK((upper_edge - value) * 128 <= value);
            });
        }
    }
}

TEST_CASE("a value beyond the last bucket counts there, and is the maximum") {
    Histogram histogram;
    histogram.record(Histogram::value_max);
    histogram.record(~std::uint64_t{0} >> 1);
    CHECK(histogram.count() == 2);
    CHECK(histogram.max() == ~std::uint64_t{0} >> 1);
    CHECK(histogram.percentile(50) >= Histogram::value_max);
}

TEST_CASE("an empty histogram is all zeros") {
    Histogram const histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.percentile(99) == 0);
    CHECK(histogram.max() == 0);
    CHECK(histogram.mean() == 0.0);
}

TEST_CASE("merging is like recording everything in one") {
    Random random(7);
    auto const one = std::make_unique<Histogram>();
    auto const other = std::make_unique<Histogram>();
    auto const both = std::make_unique<Histogram>();
    for (int index = 0; index < 5000; ++index) {
        std::uint64_t const value = random.below(10'000'000);
        (index % 3 == 0 ? *one : *other).record(value);
        both->record(value);
    }
    one->merge(*other);
    CHECK(one->count() == both->count());
    CHECK(one->max() == both->max());
    CHECK(one->mean() == both->mean());
    for (double const percent : percents)
        CHECK(one->percentile(percent) == both->percentile(percent));
}
