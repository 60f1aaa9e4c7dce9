// Sessions that hear lines instead of bytes.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/protocol/inner_session.hpp>

namespace kodama {

// A session of lines, made of a session `S` that has the hook
//
//   void on_line(Connection&, std::string_view line)
//
// which is called for each line, in order, without its LF and without a CR before that; a line may
// be empty, and any other byte may be in it. `line` is valid until the hook returns. A line that
// lies in one receive buffer is not copied; another is put together in memory of this session, so a
// connection costs `max` bytes more than `S`. After Connection::close() or abort() no more lines
// come. Optional hooks, beside those that every session may have:
//
//   void on_line_too_long(Connection&)   a line is longer than `max` bytes, LF and the CR before it
//                                        not counted. Called once for it, as soon as that is
//                                        certain; the rest of it is skipped, and the lines after it
//                                        come as usual. Without this hook the connection is closed
//                                        (Connection::close(): what was sent still arrives).
//   void on_unfinished_line(Connection&, std::string_view rest)
//                                        the peer has finished in the middle of a line; comes
//                                        before on_peer_finished. Without this hook the rest is
//                                        dropped, for what it would have become nobody knows.
//
// How the peer's bytes are cut into receives never matters. Threads and errors: as for any session.
template <class S, std::size_t max = 4096> class Lines : public InnerSession<S> {
    static_assert(max > 0);
    static_assert(
        requires(S& inner, Connection& connection, std::string_view line) {
            inner.on_line(connection, line);
        }, "a session of Lines needs void on_line(Connection&, std::string_view)");

    static constexpr bool hears_finish =
        requires(S& inner, Connection& connection) { inner.on_peer_finished(connection); };
    static constexpr bool hears_unfinished =
        requires(S& inner, Connection& connection, std::string_view rest) {
            inner.on_unfinished_line(connection, rest);
        };

public:
    // Leaves its memory as it is: it is not read before it is written. `S` is made with what it
    // takes of what sessions share (session.hpp).
    template <class... State>
        requires std::constructible_from<S, State&...>
    explicit Lines(State&... state) : InnerSession<S>(state...) {}

    void on_receive(Connection& connection, Buffer buffer) {
        std::string_view text = std::as_const(buffer).text();
        while (!text.empty() && connection.receives()) {
            std::size_t const end = text.find('\n');
            bool const whole = end != std::string_view::npos;
            std::string_view const piece = text.substr(0, end);
            text.remove_prefix(whole ? end + 1 : text.size());
            take(connection, piece, whole);
        }
    }

    void on_peer_finished(Connection& connection)
        requires(hears_finish || hears_unfinished)
    {
        if constexpr (hears_unfinished) {
            if (kept_ > 0) this->inner().on_unfinished_line(connection, {memory_.data(), kept_});
        }
        if constexpr (hears_finish) {
            this->inner().on_peer_finished(connection);
        } else {
            connection.finish();
        }
    }

private:
    // The next bytes of the line that has begun, up to its LF if it is whole.
    void take(Connection& connection, std::string_view piece, bool whole) {
        if (skipping_) {
            skipping_ = !whole;
        } else if (too_long(piece)) {
            kept_ = 0;
            skipping_ = !whole;
            tell_too_long(connection);
        } else if (whole && kept_ == 0) {
            tell(connection, piece);
        } else {
            std::memcpy(memory_.data() + kept_, piece.data(), piece.size());
            kept_ += piece.size();
            if (whole) tell(connection, {memory_.data(), std::exchange(kept_, 0)});
        }
    }

    // Only a CR may be more, for it may turn out to be the end's.
    [[nodiscard]] bool too_long(std::string_view piece) const noexcept {
        std::size_t const size = kept_ + piece.size();
        if (size <= max) return false;
        char const last = piece.empty() ? memory_[kept_ - 1] : piece.back();
        return size > max + 1 || last != '\r';
    }

    void tell(Connection& connection, std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        this->inner().on_line(connection, line);
    }

    void tell_too_long(Connection& connection) {
        if constexpr (requires(S& inner) { inner.on_line_too_long(connection); }) {
            this->inner().on_line_too_long(connection);
        } else {
            connection.close();
        }
    }

    std::size_t kept_ = 0; // bytes of the line in `memory_`
    bool skipping_ = false;
    std::array<char, max + 1> memory_;
};

} // namespace kodama
