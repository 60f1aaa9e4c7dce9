#include <kodama/simulation/request.hpp>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

Descriptors::Descriptors(std::uint32_t count, int first)
    : first_(first), choice_(static_cast<int>(count)), places_(count) {
    for (std::uint32_t i = count; i-- > 0;)
        free_.push_back(static_cast<int>(i));
}

void Descriptors::choose_among(std::uint32_t count) {
    choice_ = static_cast<int>(count);
    std::erase_if(free_, [this](int place) { return place >= choice_; });
}

std::optional<int> Descriptors::take(ConnectionNumber connection) {
    if (free_.empty()) return std::nullopt;
    int const place = free_.back();
    free_.pop_back();
    places_[static_cast<std::size_t>(place)] = connection;
    ++used_;
    return first_ + place;
}

void Descriptors::take_place(int descriptor, ConnectionNumber connection) {
    int const place = descriptor - first_;
    KODAMA_ASSERT(place >= choice_); // the others are take()'s
    std::optional<ConnectionNumber>& taken = places_[static_cast<std::size_t>(place)];
    KODAMA_ASSERT(!taken.has_value());
    taken = connection;
    ++used_;
}

std::optional<ConnectionNumber> Descriptors::at(int descriptor) const noexcept {
    if (descriptor < first_) return std::nullopt;
    auto const place = static_cast<std::size_t>(descriptor - first_);
    return place < places_.size() ? places_[place] : std::nullopt;
}

void Descriptors::release(int descriptor) noexcept {
    KODAMA_ASSERT(at(descriptor).has_value());
    int const place = descriptor - first_;
    places_[static_cast<std::size_t>(place)].reset();
    --used_;
    if (place < choice_) free_.push_back(place);
}

} // namespace kodama::simulation
