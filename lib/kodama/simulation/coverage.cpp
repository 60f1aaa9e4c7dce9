#include <kodama/simulation/coverage.hpp>

#include <cerrno>
#include <initializer_list>

#include <sys/socket.h>
#include <sys/uio.h>

namespace kodama::simulation {

namespace {

constexpr std::array<std::string_view, situation_count> situation_names{
    "reading",     "sending",   "blocked", "parked", "paused",
    "half_closed", "finishing", "ending",  "closing"};

constexpr std::array<std::string_view, happening_count> happening_names{"data",
                                                                        "last_data",
                                                                        "fin",
                                                                        "receive_failed",
                                                                        "receive_again",
                                                                        "no_buffers",
                                                                        "receive_cancelled",
                                                                        "sent",
                                                                        "sent_part",
                                                                        "send_failed",
                                                                        "send_cancelled",
                                                                        "cancel_succeeded",
                                                                        "cancel_not_found",
                                                                        "cancel_too_late",
                                                                        "shut_down",
                                                                        "was_reset",
                                                                        "closed"};

constexpr std::uint32_t mask(std::initializer_list<Happening> happenings) noexcept {
    std::uint32_t bits = 0;
    for (Happening const happening : happenings)
        bits |= 1u << static_cast<unsigned>(happening);
    return bits;
}

using enum Happening;

// A receive that is armed ends in one of these ways.
constexpr std::uint32_t receive_ends =
    mask({last_data, fin, receive_failed, receive_again, no_buffers, receive_cancelled});

// What is possible in each state, and why the rest is not:
//
//   data, and what ends a receive    only while one is armed: not when parked, paused, after FIN
//   what ends a send                 only while one is in flight, and a FIN waits for it
//   send_cancelled                   only what is broken is cancelled: ending
//   cancel_...                       of a receive, and in `ending` of a send. Success means that
//                                    the receive ended by it, so it did not end by FIN or for want
//                                    of buffers
//   closed                           the last of all; nothing else is in flight then
//
// A quick send completes before the call that submits it returns. So in `sending` there are only
// those other events that waited in an overflowing queue before it; data that goes on never does.
constexpr std::array<std::uint32_t, situation_count> possible{
    /* reading */ receive_ends | mask({data, cancel_succeeded, cancel_not_found, cancel_too_late}),
    /* sending */ receive_ends |
        mask({sent, sent_part, send_failed, cancel_succeeded, cancel_not_found, cancel_too_late}),
    /* blocked */ receive_ends | mask({data, sent, sent_part, send_failed, cancel_succeeded,
                                       cancel_not_found, cancel_too_late}),
    /* parked */ mask({cancel_not_found}),
    /* paused */ mask({cancel_succeeded, cancel_not_found, cancel_too_late}),
    /* half_closed */ mask({sent, sent_part, send_failed, cancel_not_found}),
    /* finishing */ receive_ends |
        mask({data, shut_down, cancel_succeeded, cancel_not_found, cancel_too_late}),
    /* ending */ receive_ends |
        mask({data, sent, sent_part, send_failed, send_cancelled, shut_down, was_reset,
              cancel_succeeded, cancel_not_found, cancel_too_late}),
    /* closing */ mask({closed}),
};

std::uint64_t length_of(io_uring_sqe const& send) noexcept {
    if (send.opcode == IORING_OP_SEND) return send.len;
    auto const* const message = reinterpret_cast<msghdr const*>(send.addr);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < message->msg_iovlen; ++i)
        length += message->msg_iov[i].iov_len;
    return length;
}

bool about_connection(Token token) noexcept {
    return token.operation() >= Operation::receive && token.operation() <= Operation::close;
}

Happening receive_happened(io_uring_cqe const& entry) noexcept {
    if (entry.res > 0) {
        return (entry.flags & IORING_CQE_F_MORE) != 0 ? Happening::data : Happening::last_data;
    }
    switch (-entry.res) {
    case 0:
        return Happening::fin;
    case ENOBUFS:
        return Happening::no_buffers;
    case ECANCELED:
        return Happening::receive_cancelled;
    case EAGAIN:
    case EINTR:
        return Happening::receive_again;
    default:
        return Happening::receive_failed;
    }
}

Happening send_happened(io_uring_cqe const& entry, std::uint64_t length) noexcept {
    if (entry.res >= 0) {
        bool const all = static_cast<std::uint64_t>(entry.res) == length;
        return all ? Happening::sent : Happening::sent_part;
    }
    if (entry.res == -ECANCELED) return Happening::send_cancelled;
    bool const nothing_yet = entry.res == -EAGAIN || entry.res == -EINTR;
    return nothing_yet ? Happening::sent_part : Happening::send_failed;
}

Happening cancel_happened(io_uring_cqe const& entry) noexcept {
    if (entry.res >= 0) return Happening::cancel_succeeded;
    return entry.res == -ENOENT ? Happening::cancel_not_found : Happening::cancel_too_late;
}

} // namespace

std::string_view name_of(Situation situation) noexcept {
    return situation_names[static_cast<std::size_t>(situation)];
}

std::string_view name_of(Happening happening) noexcept {
    return happening_names[static_cast<std::size_t>(happening)];
}

bool legal(Situation situation, Happening happening) noexcept {
    return (possible[static_cast<std::size_t>(situation)] & mask({happening})) != 0;
}

void Coverage::on_submitted(io_uring_sqe const& entry, TimePoint now) {
    if (next_ != nullptr) next_->on_submitted(entry, now);
    Token const token = Token::from_user_data(entry.user_data);
    if (!about_connection(token)) return;
    Track& track = track_of(token);
    if (track.generation != token.generation()) track = {.generation = token.generation()};
    switch (entry.opcode) {
    case IORING_OP_RECV:
        track.receiving = true;
        track.parked = false;
        break;
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
        track.send_length = length_of(entry);
        track.quick_send = (entry.msg_flags & MSG_DONTWAIT) != 0;
        track.patient_send = !track.quick_send;
        break;
    case IORING_OP_SHUTDOWN:
        track.finishing = true;
        break;
    case IORING_OP_CONNECT:
        track.broken = true;
        break;
    case IORING_OP_CLOSE:
    case IORING_OP_NOP: // of one that never had a descriptor
        track.closing = true;
        break;
    default:
        break;
    }
}

void Coverage::on_completed(io_uring_cqe const& entry, TimePoint now) {
    if (next_ != nullptr) next_->on_completed(entry, now);
    Token const token = Token::from_user_data(entry.user_data);
    if (!about_connection(token)) return;
    Track& track = track_of(token);
    if (track.generation != token.generation()) return; // stale
    Happening const happening = happening_of(token, entry, track);
    auto const situation = static_cast<std::size_t>(situation_of(track));
    ++counts_.counts[situation][static_cast<std::size_t>(happening)];
    follow(token, happening, entry, track);
}

void Coverage::on_silent_success(std::uint64_t user_data, TimePoint now) {
    if (next_ != nullptr) next_->on_silent_success(user_data, now);
    Token const token = Token::from_user_data(user_data);
    Track& track = track_of(token);
    auto const situation = static_cast<std::size_t>(situation_of(track));
    ++counts_.counts[situation][static_cast<std::size_t>(Happening::sent)];
    track.quick_send = false;
}

Coverage::Track& Coverage::track_of(Token token) {
    std::uint32_t const slot = index_of(token.slot());
    if (slot >= tracks_.size()) tracks_.resize(slot + 1u);
    return tracks_[slot];
}

Situation Coverage::situation_of(Track const& track) noexcept {
    if (track.closing) return Situation::closing;
    if (track.broken) return Situation::ending;
    if (track.finishing) return Situation::finishing;
    if (track.peer_finished) return Situation::half_closed;
    if (track.patient_send) return Situation::blocked;
    if (track.quick_send) return Situation::sending;
    if (track.parked) return Situation::parked;
    return track.receiving ? Situation::reading : Situation::paused;
}

Happening Coverage::happening_of(Token token, io_uring_cqe const& entry,
                                 Track const& track) noexcept {
    // Not a switch: there is one switch over operations, the worker's.
    Operation const operation = token.operation();
    if (operation == Operation::receive) return receive_happened(entry);
    if (operation == Operation::send) return send_happened(entry, track.send_length);
    if (operation == Operation::shut_down) return Happening::shut_down;
    if (operation == Operation::reset) return Happening::was_reset;
    if (operation == Operation::close) return Happening::closed;
    return cancel_happened(entry);
}

void Coverage::follow(Token token, Happening happening, io_uring_cqe const& entry,
                      Track& track) noexcept {
    if (token.operation() == Operation::receive && (entry.flags & IORING_CQE_F_MORE) == 0) {
        track.receiving = false;
    }
    if (token.operation() == Operation::send) track.quick_send = track.patient_send = false;
    if (happening == Happening::no_buffers) track.parked = true;
    if (happening == Happening::fin) track.peer_finished = true;
    if (happening == Happening::receive_failed || happening == Happening::send_failed) {
        track.broken = true;
    }
}

} // namespace kodama::simulation
