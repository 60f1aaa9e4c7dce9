// Sessions that hear messages, each with its length before it, instead of bytes.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/protocol/inner_session.hpp>

namespace kodama {

// `number` in `width` bytes, the highest first: what stands before a message of so many bytes.
template <std::size_t width = 4>
[[nodiscard]] constexpr std::array<std::byte, width> big_endian(std::uint64_t number) noexcept {
    static_assert(width >= 1 && width <= 8);
    std::array<std::byte, width> bytes{};
    for (std::size_t i = width; i-- > 0; number >>= 8)
        bytes[i] = static_cast<std::byte>(number & 0xff);
    return bytes;
}

// A session of messages, made of a session `S` that has the hook
//
//   void on_message(Connection&, std::span<std::byte const> message)
//
// A message is its length, big-endian in `width` bytes (1, 2 or 4), and as many bytes; it may be
// empty. `message` is valid until the hook returns. One that lies in one receive buffer is not
// copied; another is put together in memory of this session, so a connection costs `max` bytes more
// than `S`. After Connection::close() or abort() no more messages come. Answers:
// `connection.send_copy(big_endian<width>(size))` and the bytes. Optional hooks, beside those that
// every session may have:
//
//   void on_message_too_long(Connection&, std::uint32_t length)
//                                 a length beyond `max` has arrived. The message is skipped, and
//                                 those after it come as usual. Without this hook the connection is
//                                 closed (Connection::close(): what was sent still arrives).
//   void on_unfinished_message(Connection&)
//                                 the peer has finished in the middle of a message; comes before
//                                 on_peer_finished. Without this hook what there is of it is
//                                 dropped silently.
//
// How the peer's bytes are cut into receives never matters. Threads and errors: as for any session.
template <class S, std::size_t max = 4096, std::size_t width = 4>
class LengthPrefixed : public InnerSession<S> {
    static_assert(width == 1 || width == 2 || width == 4);
    static_assert(max > 0);
    static_assert(max < std::uint64_t{1} << 8 * width, "no message can be so long");
    static_assert(
        requires(S& inner, Connection& connection, std::span<std::byte const> message) {
            inner.on_message(connection, message);
        }, "a session of LengthPrefixed needs void on_message(Connection&, "
           "std::span<std::byte const>)");

    static constexpr bool hears_finish =
        requires(S& inner, Connection& connection) { inner.on_peer_finished(connection); };
    static constexpr bool hears_unfinished =
        requires(S& inner, Connection& connection) { inner.on_unfinished_message(connection); };

public:
    // Leaves its memory as it is: it is not read before it is written. `S` is made with what it
    // takes of what sessions share (session.hpp).
    template <class... State>
        requires std::constructible_from<S, State&...>
    explicit LengthPrefixed(State&... state) : InnerSession<S>(state...) {}

    void on_receive(Connection& connection, Buffer buffer) {
        std::span<std::byte const> bytes = std::as_const(buffer).bytes();
        while (!bytes.empty() && connection.receives()) {
            std::size_t taken = 0;
            if (skipped_ > 0) {
                taken = std::min<std::size_t>(skipped_, bytes.size());
                skipped_ -= static_cast<std::uint32_t>(taken);
            } else if (length_bytes_ < width) {
                taken = take_length(connection, bytes);
            } else {
                taken = take_message(connection, bytes);
            }
            bytes = bytes.subspan(taken);
        }
    }

    void on_peer_finished(Connection& connection)
        requires(hears_finish || hears_unfinished)
    {
        if constexpr (hears_unfinished) {
            if (length_bytes_ > 0 || skipped_ > 0) this->inner().on_unfinished_message(connection);
        }
        if constexpr (hears_finish) {
            this->inner().on_peer_finished(connection);
        } else {
            connection.finish();
        }
    }

private:
    std::size_t take_length(Connection& connection, std::span<std::byte const> bytes) {
        std::size_t const count = std::min(width - length_bytes_, bytes.size());
        for (std::byte const byte : bytes.first(count))
            length_ = length_ << 8 | std::to_integer<std::uint32_t>(byte);
        length_bytes_ += count;
        if (length_bytes_ < width) return count;
        if (length_ > max) {
            skipped_ = length_;
            forget();
            tell_too_long(connection, skipped_);
        } else if (length_ == 0) {
            forget();
            this->inner().on_message(connection, std::span<std::byte const>());
        }
        return count;
    }

    std::size_t take_message(Connection& connection, std::span<std::byte const> bytes) {
        std::size_t const count = std::min(length_ - kept_, bytes.size());
        std::span<std::byte const> message = bytes.first(count);
        if (count < length_) {
            std::memcpy(memory_.data() + kept_, message.data(), count);
            kept_ += count;
            if (kept_ < length_) return count;
            message = std::span<std::byte const>(memory_).first(kept_);
        }
        forget();
        this->inner().on_message(connection, message);
        return count;
    }

    void forget() noexcept {
        length_ = 0;
        length_bytes_ = 0;
        kept_ = 0;
    }

    void tell_too_long(Connection& connection, std::uint32_t length) {
        if constexpr (requires(S& inner) { inner.on_message_too_long(connection, length); }) {
            this->inner().on_message_too_long(connection, length);
        } else {
            connection.close();
        }
    }

    std::uint32_t length_ = 0;     // of the message that has begun, as far as it is known
    std::size_t length_bytes_ = 0; // of the length, that have arrived
    std::size_t kept_ = 0;         // bytes of the message in `memory_`
    std::uint32_t skipped_ = 0;    // bytes still to come of one that is too long
    std::array<std::byte, max> memory_;
};

} // namespace kodama
