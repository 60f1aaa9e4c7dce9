// How large messages are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bench/harness/random.hpp>

namespace kodama::bench {

// "64", "64,512,4K" (in turn) or "64-4096" (uniform, both ends included).
class Sizes {
public:
    static constexpr std::uint32_t size_max = 64 << 20;

    // Nothing for a text that is none of these, and for a size of 0 or above `size_max`.
    [[nodiscard]] static std::optional<Sizes> parse(std::string_view text);

    [[nodiscard]] std::uint32_t next(Random& random) noexcept {
        if (largest_ > smallest_) {
            return smallest_ + static_cast<std::uint32_t>(random.below(largest_ - smallest_ + 1u));
        }
        std::uint32_t const size = list_[turn_];
        if (++turn_ == list_.size()) turn_ = 0;
        return size;
    }

    [[nodiscard]] std::uint32_t smallest() const noexcept;
    [[nodiscard]] std::uint32_t largest() const noexcept;

    // As it was given.
    [[nodiscard]] std::string const& text() const noexcept { return text_; }

private:
    std::string text_;
    std::vector<std::uint32_t> list_; // in turn; unless the next two differ, which are the range
    std::size_t turn_ = 0;
    std::uint32_t smallest_ = 0;
    std::uint32_t largest_ = 0;
};

} // namespace kodama::bench
