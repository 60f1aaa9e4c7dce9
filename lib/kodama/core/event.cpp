#include <kodama/core/event.hpp>

#include <array>
#include <cstddef>

namespace kodama {

std::string_view name_of(Event event) noexcept {
    constexpr std::array<std::string_view, 5> names{
        "accept_paused_table", "accept_paused_descriptors", "accept_paused_memory",
        "accept_resumed", "listener_lost"};
    return names[static_cast<std::size_t>(event)];
}

} // namespace kodama
