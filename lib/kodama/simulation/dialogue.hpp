// What peers say to the server under test, and what it has to answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <kodama/base/export.hpp>

namespace kodama::simulation {

// Checks what the server says to one connection, from its first byte on.
class KODAMA_EXPORT Checker {
public:
    virtual ~Checker() = default;

    // Takes the bytes that come next, cut wherever the network has cut them. Returns what is wrong
    // with them, in a few words; empty: nothing is.
    [[nodiscard]] virtual std::string check(std::span<std::byte const> bytes) = 0;
};

// A protocol as its peers see it, as two streams of bytes that are functions of a connection's
// number and of the offset: whoever delivers a byte twice, too late, or to somebody else is caught
// at the first wrong one. Peers cut the stream where they like. All functions are pure.
//
// The default is the echo protocol with pseudo-random bytes.
class KODAMA_EXPORT Dialogue {
public:
    virtual ~Dialogue() = default;

    // The byte that the peer of connection `connection` says at `offset`.
    [[nodiscard]] virtual std::byte question(std::uint32_t connection, std::uint64_t offset) const;

    // The byte that the server has to answer at `offset`.
    [[nodiscard]] virtual std::byte answer(std::uint32_t connection, std::uint64_t offset) const {
        return question(connection, offset);
    }

    // How many bytes of answer are due once the peer has said `said` bytes, at least.
    [[nodiscard]] virtual std::uint64_t due(std::uint32_t /*connection*/,
                                            std::uint64_t said) const {
        return said;
    }

    // How many may have come by then: more than are due where the server also speaks unasked.
    [[nodiscard]] virtual std::uint64_t most(std::uint32_t connection, std::uint64_t said) const {
        return due(connection, said);
    }

    // Who checks what a connection hears. The default compares with answer(); another one is for
    // answers that are no function of connection and offset, for they depend on others.
    [[nodiscard]] virtual std::unique_ptr<Checker> checker(std::uint32_t connection) const;

    // A length near `wanted` after which a peer may say that it has finished: where a message ends.
    [[nodiscard]] virtual std::uint64_t complete(std::uint32_t /*connection*/,
                                                 std::uint64_t wanted) const {
        return wanted;
    }
};

} // namespace kodama::simulation
