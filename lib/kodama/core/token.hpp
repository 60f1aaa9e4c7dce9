// What a completion is the answer to, in the 64 bits that the kernel hands back.
#pragma once

#include <cstdint>

#include <kodama/base/assert.hpp>
#include <kodama/base/ids.hpp>

namespace kodama {

// 0 is left to the ring for questions of its own (Ring::own_user_data).
enum class Operation : std::uint8_t {
    accept = 1,
    cancel_accept,
    close_listener,
    receive,
    cancel_receive,
    send,
    cancel_send,
    shut_down,
    reset,
    close,
    refuse, // close a connection that has no place
    wake,
    make_socket,
    connect,
    cancel_connect,
};

// {operation, slot, generation}: a completion whose generation is not that of its slot is stale
// and changes nothing.
//
//   63      56 55           32 31                             0
//   operation  slot            generation
class Token {
public:
    constexpr Token(Operation operation, Slot slot, Generation generation) noexcept
        : bits_{static_cast<std::uint64_t>(operation) << operation_shift |
                static_cast<std::uint64_t>(slot) << slot_shift |
                static_cast<std::uint64_t>(generation)} {
        KODAMA_ASSERT(index_of(slot) < slots_max);
    }

    [[nodiscard]] static constexpr Token from_user_data(std::uint64_t user_data) noexcept {
        return Token(user_data);
    }
    [[nodiscard]] constexpr std::uint64_t user_data() const noexcept { return bits_; }

    [[nodiscard]] constexpr Operation operation() const noexcept {
        return static_cast<Operation>(bits_ >> operation_shift);
    }
    [[nodiscard]] constexpr Slot slot() const noexcept {
        return static_cast<Slot>(bits_ >> slot_shift & slot_mask);
    }
    [[nodiscard]] constexpr Generation generation() const noexcept {
        return static_cast<Generation>(bits_ & generation_mask);
    }

    friend constexpr bool operator==(Token, Token) noexcept = default;

private:
    static constexpr unsigned slot_shift = 32;
    static constexpr unsigned operation_shift = 56;
    static constexpr std::uint64_t slot_mask = 0xff'ffff;
    static constexpr std::uint64_t generation_mask = 0xffff'ffff;
    static_assert(slots_max <= slot_mask + 1, "a slot fits its place in the token");

    explicit constexpr Token(std::uint64_t bits) noexcept : bits_(bits) {}

    std::uint64_t bits_;
};

static_assert(sizeof(Token) == 8);

} // namespace kodama
