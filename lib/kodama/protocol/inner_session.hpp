// A session that is made of a session.
#pragma once

#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>

namespace kodama {

// What Lines and LengthPrefixed have in common: they hold a session of type `S`, and have those of
// the hooks that `S` has. Hooks that say what arrives are not among them, nor is on_peer_finished:
// whoever cuts the stream into pieces has something to say of the last one.
template <class S> class InnerSession {
public:
    // The session inside, as long as this one lives.
    [[nodiscard]] S& inner() noexcept { return inner_; }

    void on_open(Connection& connection)
        requires requires(S& inner) { inner.on_open(connection); }
    {
        inner_.on_open(connection);
    }

    void on_writable(Connection& connection)
        requires requires(S& inner) { inner.on_writable(connection); }
    {
        inner_.on_writable(connection);
    }

    void on_timer(Connection& connection)
        requires requires(S& inner) { inner.on_timer(connection); }
    {
        inner_.on_timer(connection);
    }

    void on_close(CloseReason reason)
        requires requires(S& inner) { inner.on_close(reason); }
    {
        inner_.on_close(reason);
    }

protected:
    // By hand: the connection's place is not filled with zeros before a session is made in it.
    InnerSession() {} // NOLINT(modernize-use-equals-default)

private:
    S inner_{};
};

} // namespace kodama
