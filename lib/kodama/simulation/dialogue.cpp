#include <kodama/simulation/dialogue.hpp>

#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

namespace {

class Comparison final : public Checker {
public:
    Comparison(Dialogue const& dialogue, std::uint32_t connection) noexcept
        : dialogue_(dialogue), connection_(connection) {}

    std::string check(std::span<std::byte const> bytes) override {
        for (std::byte const byte : bytes) {
            if (byte != dialogue_.answer(connection_, heard_)) {
                return "a wrong byte at offset " + std::to_string(heard_);
            }
            ++heard_;
        }
        return {};
    }

private:
    Dialogue const& dialogue_;
    std::uint32_t connection_;
    std::uint64_t heard_ = 0;
};

} // namespace

std::unique_ptr<Checker> Dialogue::checker(std::uint32_t connection) const {
    return std::make_unique<Comparison>(*this, connection);
}

std::byte Dialogue::question(std::uint32_t connection, std::uint64_t offset) const {
    // Eight bytes of each hash.
    std::uint64_t const word = mix(connection + 1, offset / 8);
    return static_cast<std::byte>(word >> offset % 8 * 8);
}

} // namespace kodama::simulation
