#include <kodama/core/circulation.hpp>

#include <cstdint>

#include <support/catch.hpp>

namespace kodama {

namespace {

void receive(Circulation& circulation, int times, std::uint32_t size) {
    for (int i = 0; i < times; ++i)
        circulation.received(size);
}

} // namespace

TEST_CASE("circulation: all buffers go round while little is in them") {
    Circulation circulation(128, 2u << 20);
    CHECK(circulation.limit() == 128);
    receive(circulation, 1000, 4096);
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: full buffers are as many as stay warm, and all come back after them") {
    Circulation circulation(128, 2u << 20);
    receive(circulation, 200, 128 * 1024);
    CHECK(circulation.limit() >= 16);
    CHECK(circulation.limit() <= 17); // the mean comes close from below
    receive(circulation, 200, 64);
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: a single large message among small ones changes nothing") {
    Circulation circulation(128, 2u << 20);
    receive(circulation, 100, 64);
    circulation.received(128 * 1024);
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: never fewer than a few, and never more than there are") {
    Circulation many(128, 2u << 20);
    receive(many, 200, 1u << 20);
    CHECK(many.limit() == 8);
    std::uint32_t const count = GENERATE(1u, 2u, 7u);
    Circulation few(count, 100);
    CHECK(few.limit() == count);
    receive(few, 200, 1u << 20);
    CHECK(few.limit() == count);
}

} // namespace kodama
