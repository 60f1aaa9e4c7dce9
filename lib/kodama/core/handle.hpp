// A connection, for those that are not its session.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <kodama/base/export.hpp>
#include <kodama/base/ids.hpp>
#include <kodama/core/shared_bytes.hpp>

namespace kodama {

class Connection;
class Inbox;

// Names one connection, for other connections, other workers and other threads of the program:
// Connection::handle() makes it, and it may be copied and kept for as long as one likes. It never
// means another connection than that one: once this is over, and when the server is, everything
// answers false.
//
// In the thread of the connection's worker, so in every hook of its sessions, a call acts at once,
// as the same call of Connection does. In any other thread it is put into the worker's inbox, whose
// size is fixed (`Options::inbox`), and the worker is woken unless it has been already: `false`
// means that the inbox was full, or that there is no server any more. `true` means that it will be
// done, in the order of the calls of one thread, unless the connection has ended by then.
//
// Whoever sends to a connection from elsewhere cannot wait for on_writable. So where one that was
// put into the inbox finds that the connection holds too much unsent already, the connection is
// reset (CloseReason::overrun): a stream with a hole would be worse.
//
// Threads: any; each object is one thread's at a time. Nothing here blocks for longer than it takes
// to copy the bytes, allocates, or calls a hook.
class KODAMA_EXPORT Handle {
public:
    Handle() noexcept = default; // of no connection

    // As Connection::send and Connection::send_copy, but without a promise for what was received.
    bool send(SharedBytes bytes) const noexcept;
    // The same for bytes that are the caller's: they are copied.
    bool send_copy(std::span<std::byte const> bytes) const noexcept;
    // The same for text.
    bool send_copy(std::string_view text) const noexcept {
        return send_copy(std::as_bytes(std::span(text)));
    }
    // As Connection::close().
    bool close() const noexcept;
    // As Connection::abort().
    bool abort() const noexcept;

    // The connection itself, for a hook of another session of the same worker, and no longer than
    // that hook runs. Null in any other thread, and once the connection is over.
    [[nodiscard]] Connection* here() const noexcept;

    // Whether it names a connection, be that over or not.
    explicit operator bool() const noexcept { return inbox_ != nullptr; }

    // Whether they name the same connection.
    friend bool operator==(Handle const&, Handle const&) noexcept = default;

private:
    friend class Worker;

    Handle(std::shared_ptr<Inbox> inbox, Slot slot, Generation generation) noexcept
        : inbox_(std::move(inbox)), slot_(slot), generation_(generation) {}

    std::shared_ptr<Inbox> inbox_; // of the connection's worker
    Slot slot_{};
    Generation generation_{};
};

} // namespace kodama
