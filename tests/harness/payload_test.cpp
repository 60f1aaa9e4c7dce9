#include <bench/harness/payload.hpp>

#include <algorithm>
#include <set>
#include <vector>

#include <support/catch.hpp>

using kodama::bench::Payload;

namespace {

std::vector<std::byte> stream(Payload const& payload, std::uint64_t connection,
                              std::uint64_t offset, std::size_t size) {
    auto const bytes = payload.at(payload.position(connection, offset), size);
    return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("a payload is the same for the same seed, and another for another") {
    CHECK(stream(Payload(1), 0, 0, 4096) == stream(Payload(1), 0, 0, 4096));
    CHECK(stream(Payload(1), 0, 0, 4096) != stream(Payload(2), 0, 0, 4096));
}

TEST_CASE("every connection enters the payload at a place of its own") {
    Payload const payload(1);
    std::set<Payload::Position> starts;
    for (std::uint64_t connection = 0; connection < 1000; ++connection)
        starts.insert(payload.position(connection));
    CHECK(starts.size() > 990); // a few may meet by chance
    CHECK(stream(payload, 0, 0, 64) != stream(payload, 1, 0, 64));
}

TEST_CASE("a payload goes on without a seam where its period ends") {
    Payload const payload(1);
    std::uint64_t const end = Payload::period - payload.position(7);
    auto const across = stream(payload, 7, end - 10, 20);
    auto const before = stream(payload, 7, end - 10, 10);
    auto const after = stream(payload, 7, end, 10);
    CHECK(std::equal(before.begin(), before.end(), across.begin()));
    CHECK(std::equal(after.begin(), after.end(), across.begin() + 10));
    CHECK(payload.position(7, end) == 0);
    CHECK(Payload::advanced(Payload::period - 1, 1) == 0);
    CHECK(Payload::advanced(5, 3 * std::uint64_t{Payload::period} + 2) == 7);
}

TEST_CASE("the first difference is found wherever it is") {
    Payload const payload(3);
    std::size_t const size = Payload::contiguous + 1000; // more than lies in one piece
    std::vector<std::byte> got;
    while (got.size() < size) {
        auto const more = stream(payload, 9, 100 + got.size(), std::min<std::size_t>(size, 1000));
        got.insert(got.end(), more.begin(), more.end());
    }
    Payload::Position const start = payload.position(9, 100);
    CHECK_FALSE(payload.first_difference(start, got));
    for (std::size_t const at : {std::size_t{0}, std::size_t{777}, Payload::contiguous + 5}) {
        got[at] ^= std::byte{1};
        CHECK(payload.first_difference(start, got) == at);
        got[at] ^= std::byte{1};
    }
    CHECK_FALSE(payload.first_difference(start, {}));
}

TEST_CASE("a lost, doubled or swapped block is wrong where it begins") {
    Payload const payload(1);
    Payload::Position const start = payload.position(0);
    for (std::size_t const block : {64u, 1448u, 4096u, 65536u, 262144u}) {
        auto const whole = stream(payload, 0, 0, 3 * block);
        auto const part = [&](std::size_t index) {
            return std::vector(whole.begin() + static_cast<std::ptrdiff_t>(index * block),
                               whole.begin() + static_cast<std::ptrdiff_t>((index + 1) * block));
        };
        Payload::Position const second = Payload::advanced(start, block);
        // One byte may by chance be like another, so what is wrong begins at most a little later.
        CHECK(payload.first_difference(start, part(1)).value_or(block) < 16);
        CHECK(payload.first_difference(start, part(2)).value_or(block) < 16);
        CHECK(payload.first_difference(second, part(0)).value_or(block) < 16);
    }
}

TEST_CASE("no two places within a mebibyte look alike") {
    Payload const payload(1);
    auto const bytes = payload.at(0, Payload::contiguous);
    std::vector<std::uint64_t> words;
    words.reserve(bytes.size() / 8);
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        for (std::size_t index = 0; index < 8; ++index)
            word = word << 8 | std::to_integer<std::uint64_t>(bytes[at + index]);
        words.push_back(word);
    }
    std::sort(words.begin(), words.end());
    CHECK(std::adjacent_find(words.begin(), words.end()) == words.end());
}
