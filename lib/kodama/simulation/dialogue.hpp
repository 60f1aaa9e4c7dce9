// What peers say to the server under test, and what it has to answer.
#pragma once

#include <cstddef>
#include <cstdint>

#include <kodama/base/export.hpp>

namespace kodama::simulation {

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

    // How many bytes of answer are due once the peer has said `said` bytes, no more and no less.
    [[nodiscard]] virtual std::uint64_t due(std::uint32_t /*connection*/,
                                            std::uint64_t said) const {
        return said;
    }

    // A length near `wanted` after which a peer may say that it has finished: where a message ends.
    [[nodiscard]] virtual std::uint64_t complete(std::uint32_t /*connection*/,
                                                 std::uint64_t wanted) const {
        return wanted;
    }
};

} // namespace kodama::simulation
