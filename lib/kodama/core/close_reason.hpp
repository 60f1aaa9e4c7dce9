// Why a connection ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <kodama/base/export.hpp>

namespace kodama {

// The first reason that there was; later ones do not change it.
enum class CloseReason : std::uint8_t {
    peer_finished,   // the peer sent FIN and was answered to the last byte
    session_closed,  // the session called close(), or finish() and the peer finished too
    session_aborted, // the session called abort()
    session_failed,  // a hook threw
    peer_gone,       // the peer reset the connection, or the network lost it
    connect_failed,  // an outgoing connection was refused, or never came about
    send_timeout,    // the peer acknowledged nothing for as long as `Options::send_timeout`
    idle_timeout,    // nothing was received or sent for as long as `Options::idle_timeout`
    evicted,         // it was blocked longest when the memory for unsent bytes ran out
    overrun,         // through a Handle it was sent more from elsewhere than it may hold
    drained,         // the server drained: closed in order after the last byte that had arrived
    stopped,         // the server stopped, or its drain met the deadline: reset
};

// How many there are.
inline constexpr std::size_t close_reason_count = 12;

// "peer_finished" and so on; never empty.
[[nodiscard]] KODAMA_EXPORT std::string_view name_of(CloseReason reason) noexcept;

} // namespace kodama
