// What clients of Shout say, and what they have to hear.
#pragma once

#include <cstddef>
#include <cstdint>

#include <kodama/simulation/dialogue.hpp>

#include "shout.hpp"

namespace examples {

// Letters, and for each the same one, large.
class ShoutDialogue final : public kodama::simulation::Dialogue {
public:
    [[nodiscard]] std::byte question(std::uint32_t connection,
                                     std::uint64_t offset) const override {
        auto const random = static_cast<unsigned>(Dialogue::question(connection, offset));
        return static_cast<std::byte>('a' + random % 26);
    }

    [[nodiscard]] std::byte answer(std::uint32_t connection, std::uint64_t offset) const override {
        return capital(question(connection, offset));
    }
};

} // namespace examples
