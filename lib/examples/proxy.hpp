// A TCP proxy: whatever a client says goes to an upstream server, and whatever that says comes
// back.
#pragma once

#include <utility>

#include <kodama/kodama.hpp>

namespace examples {

// Both connections of a pair have such a session: the client's, and the one that it opens to the
// upstream server. Until that is connected, what the client says waits; one that does not read
// holds the other back, and nobody else.
class Proxy {
public:
    explicit Proxy(kodama::Address const& upstream) noexcept : upstream_(upstream) {}

    void on_open(kodama::Connection& connection) {
        if (connection.outgoing()) return; // the pair was made when it was opened
        kodama::Connection* const upstream = connection.connect(upstream_).here();
        if (upstream == nullptr || !connection.pair_with(*upstream)) connection.close();
    }

    void on_receive(kodama::Connection& connection, kodama::Buffer buffer) {
        // Refused by a partner that is ending: these bytes are lost.
        if (!connection.forward(std::move(buffer))) connection.abort();
    }

    // The half of a connection that ends here ends there.
    void on_peer_finished(kodama::Connection& connection) {
        kodama::Connection* const partner = connection.partner();
        partner != nullptr ? partner->finish() : connection.close();
    }

    // An end in order is one for the partner, too; anything else may have cost bytes, and must not
    // look like one.
    void on_close(kodama::Connection& connection, kodama::CloseReason reason) {
        kodama::Connection* const partner = connection.partner();
        if (partner == nullptr) return;
        bool const in_order = reason == kodama::CloseReason::session_closed ||
                              reason == kodama::CloseReason::connect_failed ||
                              reason == kodama::CloseReason::idle_timeout ||
                              reason == kodama::CloseReason::drained;
        in_order ? partner->close() : partner->abort();
    }

private:
    kodama::Address const& upstream_;
};

} // namespace examples
