// Listening: one socket for each worker, all on the same port.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kodama/base/address.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/net/endpoint.hpp>

namespace kodama {

// One bound address with its sockets, one for each worker, all of them listening. The kernel
// spreads new connections over them.
struct ListeningSockets {
    Address address; // the port is never 0
    std::vector<UniqueFd> sockets;
};

// What each listening socket is given; accepted connections inherit all but the first.
struct ListenOptions {
    std::uint32_t backlog = 1024;
    // TCP_USER_TIMEOUT, in whole milliseconds; 0: the system's own.
    std::chrono::nanoseconds send_timeout = std::chrono::nanoseconds(0);
};

// Listens on every address of the endpoint that this machine has; at least one. Port 0 becomes one
// free port, the same for all of them. A port in use is waited for as long as `patience`: the
// kernel needs some 60 ms to close the listening sockets of a ring that has ended.
//
// Throws SetupError whose message says what cannot be listened on, why, and what to do about it.
[[nodiscard]] std::vector<ListeningSockets>
listen_on(Endpoint const& endpoint, std::size_t worker_count, ListenOptions const& options,
          std::chrono::nanoseconds patience = std::chrono::seconds(1));

} // namespace kodama
