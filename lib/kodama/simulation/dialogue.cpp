#include <kodama/simulation/dialogue.hpp>

#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

std::byte Dialogue::question(std::uint32_t connection, std::uint64_t offset) const {
    // Eight bytes of each hash.
    std::uint64_t const word = mix(connection + 1, offset / 8);
    return static_cast<std::byte>(word >> offset % 8 * 8);
}

} // namespace kodama::simulation
