// How often each value occurred, to within one per cent.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace kodama::bench {

// Counts values in buckets that grow with them, as HdrHistogram does: 128 for each power of two, so
// a bucket is narrower than 1/128 of its values. Below 256 every value has a bucket of its own.
// Recording allocates nothing. Count, sum and maximum are exact.
class Histogram {
public:
    static constexpr std::uint64_t value_max = (std::uint64_t{1} << 42) - 1; // 73 minutes in ns

    // A value beyond `value_max` counts into the last bucket.
    void record(std::uint64_t value) noexcept {
        ++counts_[index_of(value < value_max ? value : value_max)];
        ++count_;
        sum_ += value;
        if (value > max_) max_ = value;
    }

    void merge(Histogram const& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    // Of an empty histogram, 0, as are its percentiles.
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }

    [[nodiscard]] double mean() const noexcept;

    // The smallest value that is not below `percent` of all, or at most 1/128 more than it.
    [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

    // Calls visit(upper_edge, count) for each bucket that holds something, in order; the upper edge
    // is the largest value that falls into the bucket.
    template <class Visit> void for_each_bucket(Visit&& visit) const {
        for (std::size_t index = 0; index < counts_.size(); ++index) {
            if (counts_[index] != 0) visit(upper_edge(index), counts_[index]);
        }
    }

private:
    static constexpr unsigned sub_bits = 7;
    static constexpr std::size_t size = (42 - sub_bits - 1) * (1u << sub_bits) + (2u << sub_bits);

    [[nodiscard]] static std::size_t index_of(std::uint64_t value) noexcept {
        auto const width = static_cast<unsigned>(std::bit_width(value));
        unsigned const shift = width > sub_bits + 1 ? width - (sub_bits + 1) : 0;
        return (std::size_t{shift} << sub_bits) + static_cast<std::size_t>(value >> shift);
    }

    [[nodiscard]] static std::uint64_t upper_edge(std::size_t index) noexcept {
        std::size_t const block = index >> sub_bits;
        std::size_t const shift = block > 1 ? block - 1 : 0;
        std::uint64_t const lead = index - (shift << sub_bits);
        return ((lead + 1) << shift) - 1;
    }

    std::array<std::uint64_t, size> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t max_ = 0;
};

} // namespace kodama::bench
