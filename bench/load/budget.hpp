// How many messages may still be sent, and how many are still to come back.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace kodama::bench {

class Budget {
public:
    explicit Budget(std::optional<std::uint64_t> count)
        : unsent_(count.value_or(std::numeric_limits<std::uint64_t>::max())),
          unanswered_(unsent_) {}

    // Whether one more message may be sent; if so, it must be.
    [[nodiscard]] bool take() noexcept {
        if (unsent_ == 0) return false;
        --unsent_;
        return true;
    }

    // So many came back, or never will.
    void settle(std::uint64_t count = 1) noexcept { unanswered_ -= count; }

    // Nothing more is sent.
    void stop() noexcept { unsent_ = 0; }

    [[nodiscard]] bool stopped() const noexcept { return unsent_ == 0; }

    // All are settled.
    [[nodiscard]] bool used_up() const noexcept { return unanswered_ == 0; }

private:
    std::uint64_t unsent_;
    std::uint64_t unanswered_;
};

} // namespace kodama::bench
