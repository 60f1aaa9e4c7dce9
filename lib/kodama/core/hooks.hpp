// A session's type, as the library sees it: one table of function pointers.
#pragma once

#include <cstddef>

#include <kodama/core/buffer.hpp>
#include <kodama/core/close_reason.hpp>

namespace kodama {

class Connection;

// Made by `session_hooks<S>` (server/session.hpp). Each function takes the memory of a session as
// its first argument; those that return bool return false when the session's code threw. A null
// pointer is a hook that the session does not have.
struct SessionHooks {
    std::size_t size = 0;
    std::size_t alignment = 1;

    bool (*construct)(void* memory) noexcept = nullptr;
    void (*destroy)(void* session) noexcept = nullptr;

    bool (*on_open)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_receive)(void* session, Connection& connection, Buffer&& buffer) noexcept = nullptr;
    bool (*on_writable)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_peer_finished)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_timer)(void* session, Connection& connection) noexcept = nullptr;
    bool (*on_close)(void* session, CloseReason reason) noexcept = nullptr;
};

} // namespace kodama
