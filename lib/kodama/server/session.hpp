// What a session is: a plain struct with hooks. Concept outside, one table inside.
#pragma once

#include <concepts>
#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/core/hooks.hpp>

namespace kodama {

// A session serves one connection. It is made when the connection is accepted, inside the
// connection's slot (no allocation), and destroyed after `on_close`. All its hooks run in one
// thread, one at a time. A hook that throws ends its own connection
// (CloseReason::session_failed), never the server.
//
//   void on_receive(Connection&, Buffer)    bytes have arrived; never empty. Required; the others
//                                           are optional
//   void on_open(Connection&)               the connection was accepted
//   void on_writable(Connection&)           a send was refused, and now there is room
//   void on_peer_finished(Connection&)      the peer sent FIN: nothing more will arrive. Without
//                                           this hook the connection closes once everything is
//                                           sent; with it, the session must finish() or close()
//   void on_timer(Connection&)              the time is over that start_timer() was given
//   void on_close(CloseReason)              the connection is over; the last hook
template <class S>
concept Session = std::default_initializable<S> && std::destructible<S> &&
                  requires(S session, Connection& connection, Buffer buffer) {
                      session.on_receive(connection, std::move(buffer));
                  };

// The hooks of `S` behind function pointers that take the session as `void*` and do not throw.
template <Session S> struct SessionAdapter {
    template <class Hook> static bool guarded(Hook&& hook) noexcept {
        try {
            std::forward<Hook>(hook)();
            return true;
        } catch (...) {
            return false;
        }
    }

    static S& session(void* memory) noexcept { return *static_cast<S*>(memory); }

    static bool construct(void* memory) noexcept {
        return guarded([&] { ::new (memory) S(); });
    }
    static void destroy(void* memory) noexcept { session(memory).~S(); }

    static bool on_receive(void* memory, Connection& connection, Buffer&& buffer) noexcept {
        return guarded([&] { session(memory).on_receive(connection, std::move(buffer)); });
    }

    static constexpr SessionHooks hooks() noexcept {
        SessionHooks hooks{.size = sizeof(S),
                           .alignment = alignof(S),
                           .construct = &construct,
                           .destroy = &destroy,
                           .on_receive = &on_receive};
        if constexpr (requires(S s, Connection& c) { s.on_open(c); }) {
            hooks.on_open = [](void* memory, Connection& connection) noexcept {
                return guarded([&] { session(memory).on_open(connection); });
            };
        }
        if constexpr (requires(S s, Connection& c) { s.on_writable(c); }) {
            hooks.on_writable = [](void* memory, Connection& connection) noexcept {
                return guarded([&] { session(memory).on_writable(connection); });
            };
        }
        if constexpr (requires(S s, Connection& c) { s.on_peer_finished(c); }) {
            hooks.on_peer_finished = [](void* memory, Connection& connection) noexcept {
                return guarded([&] { session(memory).on_peer_finished(connection); });
            };
        }
        if constexpr (requires(S s, Connection& c) { s.on_timer(c); }) {
            hooks.on_timer = [](void* memory, Connection& connection) noexcept {
                return guarded([&] { session(memory).on_timer(connection); });
            };
        }
        if constexpr (requires(S s, CloseReason reason) { s.on_close(reason); }) {
            hooks.on_close = [](void* memory, CloseReason reason) noexcept {
                return guarded([&] { session(memory).on_close(reason); });
            };
        }
        return hooks;
    }
};

template <Session S> inline constexpr SessionHooks session_hooks = SessionAdapter<S>::hooks();

} // namespace kodama
