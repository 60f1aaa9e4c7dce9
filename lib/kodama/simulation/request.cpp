#include <kodama/simulation/request.hpp>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

Descriptors::Descriptors(std::uint32_t count, int first) : first_(first), places_(count) {
    for (std::uint32_t i = count; i-- > 0;)
        free_.push_back(static_cast<int>(i));
}

std::optional<int> Descriptors::take(ConnectionNumber connection) {
    if (free_.empty()) return std::nullopt;
    int const place = free_.back();
    free_.pop_back();
    places_[static_cast<std::size_t>(place)] = connection;
    return first_ + place;
}

std::optional<ConnectionNumber> Descriptors::at(int descriptor) const noexcept {
    if (descriptor < first_) return std::nullopt;
    auto const place = static_cast<std::size_t>(descriptor - first_);
    return place < places_.size() ? places_[place] : std::nullopt;
}

void Descriptors::release(int descriptor) noexcept {
    KODAMA_ASSERT(at(descriptor).has_value());
    places_[static_cast<std::size_t>(descriptor - first_)].reset();
    free_.push_back(descriptor - first_);
}

} // namespace kodama::simulation
