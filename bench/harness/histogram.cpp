#include <bench/harness/histogram.hpp>

#include <algorithm>
#include <cmath>

namespace kodama::bench {

void Histogram::merge(Histogram const& other) noexcept {
    for (std::size_t index = 0; index < counts_.size(); ++index)
        counts_[index] += other.counts_[index];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

double Histogram::mean() const noexcept {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
    // A little less, because 0.999 * 1000 may come out above 999.
    double const exact = percent / 100.0 * static_cast<double>(count_) - 1e-6;
    auto const rank = static_cast<std::uint64_t>(std::max(1.0, std::ceil(exact)));
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        seen += counts_[index];
        if (seen >= rank && counts_[index] != 0) return std::min(upper_edge(index), max_);
    }
    return max_;
}

} // namespace kodama::bench
