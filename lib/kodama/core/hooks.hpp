// A session's type, as the library sees it: one table of function pointers.
#pragma once

#include <cstddef>

#include <kodama/core/buffer.hpp>
#include <kodama/core/close_reason.hpp>

namespace kodama {

class Connection;

// What a session may be made with beside its connection. Null where there is none.
struct SessionContext {
    void* shared = nullptr;       // by all sessions of a server
    void* worker_state = nullptr; // by all sessions of a worker
};

// Made by `session_hooks<S>` (server/session.hpp). Each function takes the memory of a session as
// its first argument; those that return bool return false when the session's code threw. A null
// pointer is a hook that the session does not have.
struct SessionHooks {
    std::size_t size = 0;
    std::size_t alignment = 1;

    bool (*construct)(void* memory, SessionContext const& context) noexcept = nullptr;
    void (*destroy)(void* session) noexcept = nullptr;

    bool (*on_open)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_receive)(void* session, Connection& connection, Buffer&& buffer) noexcept = nullptr;
    bool (*on_writable)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_peer_finished)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_timer)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_close)(void* session, Connection& connection, CloseReason reason) noexcept = nullptr;

    // What the sessions of a worker have in common, made before the first and destroyed after the
    // last of them. Null where they have nothing. This constructor may throw: the worker is not
    // there then.
    std::size_t worker_state_size = 0;
    std::size_t worker_state_alignment = 1;
    void (*construct_worker_state)(void* memory, void* shared) = nullptr;
    void (*destroy_worker_state)(void* worker_state) noexcept = nullptr;
};

} // namespace kodama
