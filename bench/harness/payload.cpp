#include <bench/harness/payload.hpp>

#include <algorithm>
#include <cstring>

#include <bench/harness/random.hpp>
#include <kodama/base/assert.hpp>

namespace kodama::bench {

Payload::Payload(std::uint64_t seed) : seed_(seed), bytes_(period + contiguous) {
    Random random(seed);
    for (std::size_t at = 0; at < period; at += sizeof(std::uint64_t)) {
        std::uint64_t const word = random.next();
        std::memcpy(bytes_.data() + at, &word, std::min(sizeof word, period - at));
    }
    std::memcpy(bytes_.data() + period, bytes_.data(), contiguous);
}

Payload::Position Payload::position(std::uint64_t connection, std::uint64_t offset) const noexcept {
    std::uint64_t const start = mixed(mixed(seed_) + connection * golden_gamma) % period;
    return static_cast<Position>((start + offset % period) % period);
}

std::span<std::byte const> Payload::at(Position position, std::size_t count) const noexcept {
    KODAMA_ASSERT(position < period);
    KODAMA_ASSERT(count <= contiguous);
    return std::span(bytes_).subspan(position, count);
}

std::optional<std::size_t>
Payload::first_difference(Position position, std::span<std::byte const> got) const noexcept {
    std::size_t checked = 0;
    while (checked < got.size()) {
        std::size_t const count = std::min(got.size() - checked, contiguous);
        auto const expected = at(advanced(position, checked), count);
        auto const part = got.subspan(checked, count);
        if (std::memcmp(expected.data(), part.data(), count) != 0) {
            auto const wrong = std::mismatch(part.begin(), part.end(), expected.begin()).first;
            return checked + static_cast<std::size_t>(wrong - part.begin());
        }
        checked += count;
    }
    return std::nullopt;
}

} // namespace kodama::bench
