// A token is its three parts, and nothing but its three parts.
#include <kodama/core/token.hpp>

#include <kodama/ring/ring.hpp>

#include <fuzz/bytes.hpp>
#include <fuzz/target.hpp>

using kodama::Generation;
using kodama::Operation;
using kodama::Slot;
using kodama::Token;

namespace {

struct Parts {
    Operation operation;
    Slot slot;
    Generation generation;

    friend bool operator==(Parts const&, Parts const&) = default;
};

Parts parts_of(Token token) { return {token.operation(), token.slot(), token.generation()}; }

Token token_of(Parts const& parts) { return {parts.operation, parts.slot, parts.generation}; }

Parts drawn_from(kodama::fuzz::Bytes& bytes) {
    constexpr auto first = static_cast<std::uint32_t>(Operation::accept);
    constexpr auto last = static_cast<std::uint32_t>(Operation::wake);
    auto const operation = static_cast<Operation>(first + bytes.below(last - first + 1));
    auto const slot = static_cast<std::uint32_t>(bytes.number(3) % kodama::slots_max);
    auto const generation = static_cast<std::uint32_t>(bytes.number(4));
    return {operation, Slot{slot}, Generation{generation}};
}

// Whatever 64 bits a completion has, reading them as a token changes none.
void check_user_data(std::uint64_t user_data) {
    Token const token = Token::from_user_data(user_data);
    FUZZ_CHECK(token.user_data() == user_data);
    if (kodama::index_of(token.slot()) >= kodama::slots_max) return;
    FUZZ_CHECK(token_of(parts_of(token)) == token);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    kodama::fuzz::Bytes bytes(data, size);
    Parts const parts = drawn_from(bytes);
    Token const token = token_of(parts);
    FUZZ_CHECK(parts_of(token) == parts);
    FUZZ_CHECK(token.user_data() != kodama::Ring::own_user_data);
    FUZZ_CHECK(Token::from_user_data(token.user_data()) == token);
    Parts const others = drawn_from(bytes);
    FUZZ_CHECK((parts == others) == (token == token_of(others)));
    check_user_data(token.user_data());
    check_user_data(bytes.number(8));
    return 0;
}
