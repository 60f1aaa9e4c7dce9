#include <kodama/core/outcome.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kodama {

namespace {

struct Row {
    int error;
    Outcome outcome;
};

// Linux hands network errors of a connection that has not been accepted yet to accept (accept(2),
// "Error handling"), so most of what it says is about one peer, and the next may be fine.
constexpr std::array accept_rows{
    Row{ECANCELED, Outcome::cancelled},   Row{EMFILE, Outcome::no_descriptors},
    Row{ENFILE, Outcome::no_descriptors}, Row{ENOBUFS, Outcome::no_memory},
    Row{ENOMEM, Outcome::no_memory},      Row{EINVAL, Outcome::unusable},
    Row{EBADF, Outcome::unusable},        Row{ENOTSOCK, Outcome::unusable},
    Row{EOPNOTSUPP, Outcome::unusable},
};

constexpr std::array receive_rows{
    Row{EAGAIN, Outcome::nothing_yet},    Row{ENOBUFS, Outcome::no_buffers},
    Row{ECANCELED, Outcome::cancelled},   Row{EINTR, Outcome::again},
    Row{ETIMEDOUT, Outcome::peer_silent},
};

constexpr std::array send_rows{
    Row{EAGAIN, Outcome::nothing_yet},
    Row{EINTR, Outcome::nothing_yet},
    Row{ECANCELED, Outcome::cancelled},
    Row{ETIMEDOUT, Outcome::peer_silent},
};

// That nothing was found is the same as success: what it was to cancel says itself how it ended.
constexpr std::array cancel_rows{Row{EALREADY, Outcome::running}};

constexpr bool is_cancel(Operation operation) noexcept {
    return operation == Operation::cancel_accept || operation == Operation::cancel_receive ||
           operation == Operation::cancel_send || operation == Operation::cancel_connect;
}

template <std::size_t size>
Outcome look_up(std::array<Row, size> const& rows, int error, Outcome otherwise) noexcept {
    auto const row =
        std::find_if(rows.begin(), rows.end(), [&](Row const& r) { return r.error == error; });
    return row == rows.end() ? otherwise : row->outcome;
}

} // namespace

Outcome outcome_of(Operation operation, std::int32_t result) noexcept {
    if (result >= 0) return Outcome::done;
    if (operation == Operation::accept) return look_up(accept_rows, -result, Outcome::again);
    if (operation == Operation::receive) return look_up(receive_rows, -result, Outcome::peer_gone);
    if (operation == Operation::send) return look_up(send_rows, -result, Outcome::peer_gone);
    if (operation == Operation::make_socket || operation == Operation::connect) {
        return Outcome::peer_gone; // whatever the reason: there is no connection
    }
    if (is_cancel(operation)) return look_up(cancel_rows, -result, Outcome::done);
    // A shutdown or reset of a connection that the peer has reset already, a close: whatever they
    // say, they have ended, and that is all that counts.
    return Outcome::done;
}

} // namespace kodama
