// What a session is: a plain struct with hooks. Concept outside, one table inside.
#pragma once

#include <concepts>
#include <new>
#include <type_traits>
#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/core/hooks.hpp>

namespace kodama {

// A session serves one connection. It is made when the connection is accepted, or opened by another
// session (Connection::connect), inside the connection's slot (no allocation), and destroyed after
// `on_close`. All its hooks run in one thread, one at a time. A hook that throws ends its own
// connection (CloseReason::session_failed), never the server.
//
//   void on_receive(Connection&, Buffer)    bytes have arrived; never empty. Required; the others
//                                           are optional
//   void on_open(Connection&)               the connection was accepted, or is connected now
//   void on_writable(Connection&)           a send was refused, and now there is room
//   void on_peer_finished(Connection&)      the peer sent FIN: nothing more will arrive. Without
//                                           this hook the connection closes once everything is
//                                           sent; with it, the session must finish() or close()
//   void on_timer(Connection&)              the time is over that start_timer() was given
//   void on_close(CloseReason)              the connection is over; the last hook, and the only one
//                                           of an outgoing connection that never came about. Also
//                                           as on_close(Connection&, CloseReason)
template <class S>
concept SessionHooksOf =
    std::destructible<S> && requires(S session, Connection& connection, Buffer buffer) {
        session.on_receive(connection, std::move(buffer));
    };

// What a session is made with. It takes what it wants, the first of these that it has a constructor
// for:
//
//   S(Shared&, S::WorkerState&)    `Shared` is what Server<S> was given: one object that belongs to
//   S(Shared&)                     the program, outlives the server, and is used by all workers'
//                                  threads at once
//   S(S::WorkerState&)             one object a worker, which the worker makes when it starts and
//   S()                            destroys when it has ended, in its own thread, as
//                                  WorkerState(Shared&) or WorkerState(). It needs no lock
template <class S, class Shared> struct SessionParts {
    struct None {
        None() = delete;
    };
    template <class T, class = void> struct StateOf {
        using Type = None;
    };
    template <class T> struct StateOf<T, std::void_t<typename T::WorkerState>> {
        using Type = typename T::WorkerState;
    };
    using SharedState = std::conditional_t<std::is_void_v<Shared>, None, Shared>;
    using WorkerState = typename StateOf<S>::Type;

    static constexpr bool has_worker_state = !std::same_as<WorkerState, None>;
    static constexpr bool worker_state_takes_shared =
        std::is_constructible_v<WorkerState, SharedState&>;
    static constexpr bool takes_both = std::is_constructible_v<S, SharedState&, WorkerState&>;
    static constexpr bool takes_shared = std::is_constructible_v<S, SharedState&>;
    static constexpr bool takes_worker_state = std::is_constructible_v<S, WorkerState&>;
};

// A session that a server can make: with `Shared`, or without any (void).
template <class S, class Shared = void>
concept Session =
    SessionHooksOf<S> &&
    (SessionParts<S, Shared>::takes_both || SessionParts<S, Shared>::takes_shared ||
     SessionParts<S, Shared>::takes_worker_state ||
     std::default_initializable<S>)&&(!SessionParts<S, Shared>::has_worker_state ||
                                      SessionParts<S, Shared>::worker_state_takes_shared ||
                                      std::default_initializable<
                                          typename SessionParts<S, Shared>::WorkerState>);

// The hooks of `S` behind function pointers that take the session as `void*` and do not throw.
template <class S, class Shared = void>
    requires Session<S, Shared>
struct SessionAdapter {
    using Parts = SessionParts<S, Shared>;
    using SharedState = typename Parts::SharedState;
    using WorkerState = typename Parts::WorkerState;

    template <class Hook> static bool guarded(Hook&& hook) noexcept {
        try {
            std::forward<Hook>(hook)();
            return true;
        } catch (...) {
            return false;
        }
    }

    static S& session(void* memory) noexcept { return *static_cast<S*>(memory); }

    static bool construct(void* memory, SessionContext const& context) noexcept {
        [[maybe_unused]] auto* const shared = static_cast<SharedState*>(context.shared);
        [[maybe_unused]] auto* const state = static_cast<WorkerState*>(context.worker_state);
        return guarded([&] {
            if constexpr (Parts::takes_both) {
                ::new (memory) S(*shared, *state);
            } else if constexpr (Parts::takes_shared) {
                ::new (memory) S(*shared);
            } else if constexpr (Parts::takes_worker_state) {
                ::new (memory) S(*state);
            } else {
                ::new (memory) S();
            }
        });
    }
    static void destroy(void* memory) noexcept { session(memory).~S(); }

    static void construct_worker_state(void* memory, [[maybe_unused]] void* shared) {
        if constexpr (Parts::worker_state_takes_shared) {
            ::new (memory) WorkerState(*static_cast<SharedState*>(shared));
        } else {
            ::new (memory) WorkerState();
        }
    }

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
        if constexpr (requires(S s, Connection& c, CloseReason r) { s.on_close(c, r); }) {
            hooks.on_close = [](void* memory, Connection& c, CloseReason reason) noexcept {
                return guarded([&] { session(memory).on_close(c, reason); });
            };
        } else if constexpr (requires(S s, CloseReason reason) { s.on_close(reason); }) {
            hooks.on_close = [](void* memory, Connection&, CloseReason reason) noexcept {
                return guarded([&] { session(memory).on_close(reason); });
            };
        }
        if constexpr (Parts::has_worker_state) {
            hooks.worker_state_size = sizeof(WorkerState);
            hooks.worker_state_alignment = alignof(WorkerState);
            hooks.construct_worker_state = &construct_worker_state;
            hooks.destroy_worker_state = [](void* state) noexcept {
                static_cast<WorkerState*>(state)->~WorkerState();
            };
        }
        return hooks;
    }
};

// The table for sessions of type `S`, for BasicServer and for the simulator.
template <class S, class Shared = void>
    requires Session<S, Shared>
inline constexpr SessionHooks session_hooks = SessionAdapter<S, Shared>::hooks();

} // namespace kodama
