// What a server tells while it serves: rare things that somebody may want to log.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <kodama/base/export.hpp>

namespace kodama {

// What happened to a worker, as `Options::on_event` is told.
enum class Event : std::uint8_t {
    accept_paused_table,       // every place is taken; new connections wait in the kernel's queue
    accept_paused_descriptors, // the process or the system has no descriptor left
    accept_paused_memory,      // the system has no memory left
    accept_resumed,            // after any of these
    listener_lost,             // a listening socket was shut down by somebody else
};

// "accept_paused_table" and so on; never empty.
[[nodiscard]] KODAMA_EXPORT std::string_view name_of(Event event) noexcept;

// Called in the thread of the worker that it happened to: be quick, do not block, do not throw.
using EventHandler = std::function<void(Event)>;

} // namespace kodama
