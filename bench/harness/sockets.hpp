// Sockets that connect without waiting.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <kodama/base/address.hpp>
#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

struct SocketOptions {
    std::optional<Address> source = std::nullopt; // to connect from; any port of it
    std::string congestion = {};                  // TCP_CONGESTION; empty leaves it to the system
};

// A socket that is connecting or connected, with TCP_NODELAY; `error` is 0, or says why there is
// none. Whether it has connected is known once it is writable: `socket_error`.
struct Connecting {
    UniqueFd socket;
    int error = 0;
};

[[nodiscard]] Connecting start_connecting(Address const& target, SocketOptions const& options);

// What has gone wrong with a socket since it was last asked (SO_ERROR), 0 for nothing.
[[nodiscard]] int socket_error(int socket) noexcept;

// Whether a connection can be made within so long.
[[nodiscard]] bool accepts(Address const& target, std::chrono::nanoseconds timeout);

// The name of a socket's congestion control; empty when it cannot be told.
[[nodiscard]] std::string congestion_of(int socket);

// What a new TCP socket's is here, or after it was set to `name`; empty when the system refuses.
[[nodiscard]] std::string congestion_available(std::string const& name);

} // namespace kodama::bench
