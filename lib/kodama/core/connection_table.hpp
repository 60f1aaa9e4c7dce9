// All connections of a worker, with their sessions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <kodama/base/ids.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/core/hooks.hpp>
#include <kodama/core/token.hpp>

namespace kodama {

// A slab of slots, allocated once: each holds a connection and, behind it, the memory for its
// session. The idea of BSD's soalloc(): a zone, a generation that tells one user of a place from
// the next, one gauge of how many are in use; and no lock, for the table belongs to one worker.
class ConnectionTable {
public:
    // Who chooses the place of a new connection.
    enum class Chooser {
        kernel, // its place in the ring's table of direct descriptors is its place here: take(slot)
        table,  // connections have ordinary descriptors: take_any()
    };

    // The last `outgoing` of the `slots` are for connections that sessions open; the chooser has
    // the others.
    ConnectionTable(std::uint32_t slots, Chooser chooser, SessionHooks const& hooks,
                    std::uint32_t outgoing = 0);
    ConnectionTable(ConnectionTable const&) = delete;
    ConnectionTable& operator=(ConnectionTable const&) = delete;
    // Every slot must have been released.
    ~ConnectionTable();

    // Takes the place that the kernel has chosen.
    Connection& take(Slot slot) noexcept;
    // Takes the free place that was used last; there must be one.
    Connection& take_any() noexcept;
    // Takes a place for a connection that a session opens; null when there is none.
    Connection* take_outgoing() noexcept;
    // The place is free; its generation is over.
    void release(Connection& connection) noexcept;

    // The connection that the token means, or null when that one is over.
    [[nodiscard]] Connection* find(Token token) noexcept;
    // The connection in that place, or null.
    [[nodiscard]] Connection* at(Slot slot) noexcept;

    [[nodiscard]] void* session_of(Connection& connection) const noexcept;

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint32_t used() const noexcept { return used_; }
    // The same without the outgoing ones, and their places.
    [[nodiscard]] std::uint32_t size_accepted() const noexcept { return size_ - outgoing_; }
    [[nodiscard]] std::uint32_t used_accepted() const noexcept { return used_ - used_outgoing_; }
    [[nodiscard]] std::uint32_t free_places() const noexcept {
        return size_accepted() - used_accepted();
    }

private:
    [[nodiscard]] bool is_outgoing(Slot slot) const noexcept {
        return index_of(slot) >= size_accepted();
    }
    [[nodiscard]] Connection& place(std::uint32_t index) const noexcept;
    Connection& open(Connection& connection) noexcept;

    struct FreeMemory {
        std::align_val_t alignment;
        void operator()(std::byte* memory) const noexcept {
            ::operator delete[](memory, alignment);
        }
    };

    std::uint32_t size_;
    std::uint32_t used_ = 0;
    std::uint32_t outgoing_;
    std::uint32_t used_outgoing_ = 0;
    Chooser chooser_;
    std::size_t session_offset_;
    std::size_t stride_;
    std::unique_ptr<std::byte[], FreeMemory> memory_;
    std::vector<Slot> free_; // where the table chooses
    std::vector<Slot> free_outgoing_;
};

} // namespace kodama
