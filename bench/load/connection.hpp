// One connection of the load.
#pragma once

#include <cstdint>

#include <bench/harness/clocks.hpp>
#include <bench/harness/payload.hpp>

namespace kodama::bench {

enum class Role : std::uint8_t {
    echo,       // sends and checks what comes back
    idle,       // is open and says nothing
    slow_reader // sends as much as the socket takes and never reads
};

//   closed --connect--> connecting --writable--> open --finish--> finishing --FIN--> closed
//
// and from each to `closed` when it fails.
enum class State : std::uint8_t { closed, connecting, open, finishing };

// What was sent, or is about to be, and has not come back whole.
struct Message {
    Nanoseconds since = 0; // when it was sent, or was to be sent
    std::uint32_t size = 0;
};

struct Connection {
    int fd = -1;
    State state = State::closed;
    Role role = Role::echo;
    bool blocked = false; // the socket took less than was to be sent; EPOLLOUT will come
    Payload::Position send_position = 0;
    Payload::Position receive_position = 0;
    std::uint32_t oldest = 0;         // where in its ring of messages
    std::uint32_t in_flight = 0;      // messages from there on
    std::uint32_t left_of_oldest = 0; // bytes of it that are missing yet
    std::uint64_t unsent = 0;         // bytes
    std::uint64_t outstanding = 0;    // bytes that were queued and have not come back
    std::uint64_t received = 0;       // bytes
    std::uint64_t number = 0;         // of all that were made
    Nanoseconds waiting_since = 0;    // for something of the server's; while it waits
};

} // namespace kodama::bench
