#include <kodama/core/token.hpp>

#include <cstdint>
#include <set>

#include <kodama/ring/ring.hpp>
#include <support/catch.hpp>

using kodama::Generation;
using kodama::Operation;
using kodama::Slot;
using kodama::Token;

namespace {

constexpr unsigned operation_first = static_cast<unsigned>(Operation::accept);
constexpr unsigned operation_last = static_cast<unsigned>(Operation::wake);

template <class Visit> void for_each_token(Visit&& visit) {
    for (unsigned operation = operation_first; operation <= operation_last; ++operation) {
        for (std::uint32_t const slot : {0u, 1u, 0x55555u, 0xaaaaau, kodama::slots_max - 1}) {
            for (std::uint32_t const generation : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
                visit(static_cast<Operation>(operation), Slot{slot}, Generation{generation});
            }
        }
    }
}

} // namespace

TEST_CASE("a token gives back the operation, the slot and the generation that it was made of") {
    for_each_token([](Operation operation, Slot slot, Generation generation) {
        Token const token(operation, slot, generation);
        CAPTURE(token.user_data());
        CHECK(token.operation() == operation);
        CHECK(token.slot() == slot);
        CHECK(token.generation() == generation);
    });
}

TEST_CASE("a token survives the way through the kernel") {
    for_each_token([](Operation operation, Slot slot, Generation generation) {
        Token const token(operation, slot, generation);
        Token const back = Token::from_user_data(token.user_data());
        CHECK(back == token);
        CHECK(back.operation() == operation);
        CHECK(back.slot() == slot);
        CHECK(back.generation() == generation);
    });
}

TEST_CASE("no two tokens that differ in anything are the same 64 bits") {
    std::set<std::uint64_t> seen;
    for_each_token([&](Operation operation, Slot slot, Generation generation) {
        CHECK(seen.insert(Token(operation, slot, generation).user_data()).second);
    });
}

TEST_CASE("no token is mistaken for a question that the ring asks for itself") {
    for_each_token([](Operation operation, Slot slot, Generation generation) {
        Token const token(operation, slot, generation);
        CHECK(token.user_data() != kodama::Ring::own_user_data);
    });
}

TEST_CASE("a token can be made at compile time") {
    constexpr Token token(Operation::send, Slot{7}, Generation{9});
    STATIC_REQUIRE(token.operation() == Operation::send);
    STATIC_REQUIRE(token.slot() == Slot{7});
    STATIC_REQUIRE(token.generation() == Generation{9});
}

TEST_CASE("a generation follows the last one around") {
    CHECK(kodama::next(Generation{0}) == Generation{1});
    CHECK(kodama::next(Generation{0xffffffff}) == Generation{0});
}
