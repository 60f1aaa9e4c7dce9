// Sessions that hear messages of a grammar of their own, instead of bytes.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <kodama/base/assert.hpp>
#include <kodama/core/buffer.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/protocol/inner_session.hpp>

namespace kodama {

// A session of messages whose end only `S` can find. It has the hook
//
//   std::size_t on_bytes(Connection&, std::string_view bytes)
//
// which looks at the first message in `bytes`, at most `max` of them: 0 says that it is not there
// yet as a whole, and the same bytes will come again with more; any other number is how long the
// message was that was served. So it must ask for more or not by the bytes alone. `bytes` is valid
// until the hook returns. What lies in one receive buffer is not copied; a message across buffers
// is put together in memory of this session, so a connection costs `max` bytes more than `S`. After
// Connection::close() or abort() no more bytes come. Optional hooks, beside those that every
// session may have:
//
//   void on_message_too_long(Connection&)   `max` bytes are there, and no whole message. The last
//                                           hook to hear of what arrives: the connection is closed
//                                           after it (Connection::close()).
//
// What is left of a message when the peer has finished is dropped. How the peer's bytes are cut
// into receives never matters. Threads and errors: as for any session.
template <class S, std::size_t max = 4096> class Framed : public InnerSession<S> {
    static_assert(max > 0);
    static_assert(
        requires(S& inner, Connection& connection, std::string_view bytes) {
            { inner.on_bytes(connection, bytes) } -> std::same_as<std::size_t>;
        }, "a session of Framed needs std::size_t on_bytes(Connection&, std::string_view)");

public:
    // Leaves its memory as it is: it is not read before it is written. `S` is made with what it
    // takes of what sessions share (session.hpp).
    template <class... State>
        requires std::constructible_from<S, State&...>
    explicit Framed(State&... state) : InnerSession<S>(state...) {}

    void on_receive(Connection& connection, Buffer buffer) {
        std::string_view text = std::as_const(buffer).text();
        while (!text.empty() && connection.receives())
            text.remove_prefix(kept_ == 0 ? take(connection, text) : go_on(connection, text));
    }

    void on_peer_finished(Connection& connection)
        requires requires(S& inner) { inner.on_peer_finished(connection); }
    {
        this->inner().on_peer_finished(connection);
    }

private:
    // A message begins with `text`; returns how much of that was used.
    std::size_t take(Connection& connection, std::string_view text) {
        std::size_t const size = std::min(text.size(), max);
        std::size_t const taken = this->inner().on_bytes(connection, text.substr(0, size));
        KODAMA_ASSERT(taken <= size);
        if (taken > 0) return taken;
        std::memcpy(memory_.data(), text.data(), size);
        kept_ = size;
        if (kept_ == max) give_up(connection);
        return size;
    }

    // The message in `memory_` goes on with `text`.
    std::size_t go_on(Connection& connection, std::string_view text) {
        std::size_t const size = std::min(text.size(), max - kept_);
        std::memcpy(memory_.data() + kept_, text.data(), size);
        std::size_t const before = std::exchange(kept_, kept_ + size);
        std::size_t const taken = this->inner().on_bytes(connection, {memory_.data(), kept_});
        KODAMA_ASSERT(taken <= kept_);
        if (taken == 0) {
            if (kept_ == max) give_up(connection);
            return size;
        }
        KODAMA_ASSERT(taken > before); // or it would have been taken when no more was there
        kept_ = 0;
        return taken - before;
    }

    void give_up(Connection& connection) {
        if constexpr (requires(S& inner) { inner.on_message_too_long(connection); }) {
            this->inner().on_message_too_long(connection);
        }
        connection.close();
    }

    std::size_t kept_ = 0; // bytes of a message in `memory_`
    std::array<char, max> memory_;
};

} // namespace kodama
