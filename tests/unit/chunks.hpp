// A text given to a session in pieces, as a kernel may give it.
#pragma once

#include <cstddef>
#include <string_view>

#include <kodama/core/connection.hpp>
#include <unit/received_buffer.hpp>

namespace kodama::testing {

// Each piece in a receive buffer of its own, which is as large as the piece at least.
template <class S> void receive(S& session, Connection& connection, std::string_view piece) {
    BufferPool pool(1, 4096);
    session.on_receive(connection, received_buffer(pool, piece));
}

template <class S>
void receive_in_pieces(S& session, Connection& connection, std::string_view text,
                       std::size_t size) {
    for (std::size_t at = 0; at < text.size(); at += size)
        receive(session, connection, text.substr(at, size));
}

} // namespace kodama::testing
