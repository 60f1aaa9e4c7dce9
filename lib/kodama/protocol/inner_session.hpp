// A session that is made of a session.
#pragma once

#include <concepts>

#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>

namespace kodama {

// The state of a worker that `S` asks for, where it asks for any (session.hpp).
template <class S> struct InnerWorkerState {};
template <class S>
    requires requires { typename S::WorkerState; }
struct InnerWorkerState<S> {
    using WorkerState = typename S::WorkerState;
};

// What Lines, LengthPrefixed and Framed have in common: they hold a session of type `S`, which is
// made with the shared state that it takes, and have those of the hooks that `S` has. Hooks that
// say what arrives are not among them, nor is on_peer_finished: whoever cuts the stream into pieces
// has something to say of the last one.
template <class S> class InnerSession : public InnerWorkerState<S> {
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

    void on_close(Connection& connection, CloseReason reason)
        requires requires(S& inner) { inner.on_close(connection, reason); }
    {
        inner_.on_close(connection, reason);
    }

protected:
    template <class... State>
        requires std::constructible_from<S, State&...>
    explicit InnerSession(State&... state) : inner_(state...) {}

private:
    S inner_;
};

} // namespace kodama
