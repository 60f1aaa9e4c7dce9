#include <kodama/core/circulation.hpp>

#include <cstdint>

#include <support/catch.hpp>

namespace kodama {

namespace {

constexpr std::uint32_t warm_bytes = 2u << 20;

void receive(Circulation& circulation, int times, std::uint32_t size) {
    for (int i = 0; i < times; ++i)
        circulation.received(size);
}

// So many messages of 64 bytes arrive in each of `turns` turns.
void run(Circulation& circulation, int turns, int in_each) {
    for (int i = 0; i < turns; ++i) {
        receive(circulation, in_each, 64);
        circulation.turned();
    }
}

} // namespace

TEST_CASE("circulation: a few buffers go round until more are asked for") {
    Circulation circulation(128, warm_bytes, 16);
    CHECK(circulation.limit() == 16);
    run(circulation, 1000, 1);
    CHECK(circulation.limit() == 16);
    run(circulation, 1, 5);
    CHECK(circulation.limit() == 40);
}

TEST_CASE("circulation: a turn that takes all of a few makes all go round in the next") {
    Circulation circulation(128, warm_bytes, 16);
    run(circulation, 1, 16);
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: the busiest turn is forgotten after some hundred others") {
    Circulation circulation(128, warm_bytes, 16);
    run(circulation, 1, 25);
    run(circulation, 20, 1);
    CHECK(circulation.limit() >= 100);
    run(circulation, 200, 1);
    CHECK(circulation.limit() == 16);
    run(circulation, 1, 100);
    run(circulation, 200, 0); // nothing that has a buffer
    CHECK(circulation.limit() == 32);
}

TEST_CASE("circulation: full buffers are as many as stay warm, and all come back after them") {
    Circulation circulation(128, warm_bytes, 16);
    run(circulation, 1, 50);
    receive(circulation, 200, 128 * 1024);
    circulation.turned();
    CHECK(circulation.limit() >= 16);
    CHECK(circulation.limit() <= 17); // the mean comes close from below
    CHECK(circulation.affordable() == circulation.limit());
    receive(circulation, 200, 64);
    circulation.turned();
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: a single large message among small ones changes nothing") {
    Circulation circulation(128, warm_bytes, 16);
    receive(circulation, 100, 64);
    circulation.received(128 * 1024);
    circulation.turned();
    CHECK(circulation.limit() == 128);
}

TEST_CASE("circulation: never fewer than a few, and never more than there are") {
    Circulation many(128, warm_bytes, 16);
    receive(many, 200, 1u << 20);
    many.turned();
    CHECK(many.limit() == 8);
    std::uint32_t const count = GENERATE(1u, 2u, 7u);
    Circulation few(count, 100, 16);
    CHECK(few.limit() == count);
    receive(few, 200, 1u << 20);
    few.turned();
    CHECK(few.limit() == count);
    CHECK(few.affordable() == count);
}

} // namespace kodama
