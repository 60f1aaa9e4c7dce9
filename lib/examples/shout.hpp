// Servers that answer in capital letters; one of them with a mistake, for the simulator to find.
#pragma once

#include <cstddef>
#include <utility>

#include <kodama/kodama.hpp>

namespace examples {

[[nodiscard]] inline std::byte capital(std::byte letter) {
    bool const is_small = letter >= std::byte{'a'} && letter <= std::byte{'z'};
    return is_small ? letter ^ std::byte{0x20} : letter;
}

struct Shout {
    void on_receive(kodama::Connection& connection, kodama::Buffer buffer) {
        for (std::byte& byte : buffer.bytes())
            byte = capital(byte);
        connection.send(std::move(buffer));
    }
};

// Wants to know when a client has said all it has to say, and forgets that ending the connection is
// its own affair then: no FIN is ever sent, and the client waits for the end for ever. No test
// notices that only sends and receives.
struct ForgetfulShout : Shout {
    bool client_has_finished = false;

    void on_peer_finished(kodama::Connection& /*connection*/) { client_has_finished = true; }
};

} // namespace examples
