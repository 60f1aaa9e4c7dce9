#include <bench/harness/sizes.hpp>

#include <algorithm>

#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

std::optional<std::uint32_t> one_size(std::string_view text) {
    std::optional<std::uint64_t> const size = parse_size(text);
    if (!size || *size == 0 || *size > Sizes::size_max) return std::nullopt;
    return static_cast<std::uint32_t>(*size);
}

} // namespace

std::optional<Sizes> Sizes::parse(std::string_view text) {
    Sizes sizes;
    sizes.text_ = text;
    std::size_t const dash = text.find('-');
    if (dash != std::string_view::npos) {
        auto const smallest = one_size(text.substr(0, dash));
        auto const largest = one_size(text.substr(dash + 1));
        if (!smallest || !largest || *smallest > *largest) return std::nullopt;
        sizes.list_.push_back(*smallest);
        sizes.smallest_ = *smallest;
        sizes.largest_ = *largest;
        return sizes;
    }
    for (std::size_t at = 0; at <= text.size();) {
        std::size_t const end = std::min(text.find(',', at), text.size());
        auto const size = one_size(text.substr(at, end - at));
        if (!size) return std::nullopt;
        sizes.list_.push_back(*size);
        at = end + 1;
    }
    return sizes;
}

std::uint32_t Sizes::smallest() const noexcept {
    return *std::min_element(list_.begin(), list_.end());
}

std::uint32_t Sizes::largest() const noexcept {
    return std::max(largest_, *std::max_element(list_.begin(), list_.end()));
}

} // namespace kodama::bench
