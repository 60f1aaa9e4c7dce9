// RFC 862: what arrives goes back.
#pragma once

#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/connection.hpp>

namespace app {

struct Echo {
    // The received memory itself is sent: no copy in user space. A send of what was received is
    // never refused for lack of room, and where the connection is ending the bytes are lost anyway.
    void on_receive(kodama::Connection& connection, kodama::Buffer buffer) {
        connection.send(std::move(buffer));
    }
};

} // namespace app
