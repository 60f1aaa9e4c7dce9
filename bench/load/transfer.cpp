// Sending, receiving and checking.
#include <bench/load/connections.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <sys/socket.h>

#include <kodama/base/assert.hpp>

namespace kodama::bench {

namespace {

std::string hexadecimal(std::byte byte) {
    std::array<char, 8> text{};
    static_cast<void>(
        std::snprintf(text.data(), text.size(), "0x%02x", std::to_integer<unsigned>(byte)));
    return text.data();
}

bool would_block(int error) noexcept { return error == EAGAIN || error == EINTR; }

} // namespace

void Connections::queue(Connection& connection, Message const& message, Nanoseconds now) noexcept {
    KODAMA_ASSERT(has_room(connection));
    if (connection.in_flight == 0) {
        // One that is connecting is busy already.
        if (connection.state == State::open) ++busy_;
        connection.left_of_oldest = message.size;
        connection.waiting_since = now;
    }
    this->message(connection, connection.in_flight) = message;
    ++connection.in_flight;
    connection.unsent += message.size;
    connection.outstanding += message.size;
}

void Connections::flush(Connection& connection, Nanoseconds now) {
    while (connection.unsent > 0 && !connection.blocked) {
        auto const count = static_cast<std::size_t>(
            std::min<std::uint64_t>(connection.unsent, Payload::contiguous));
        auto const bytes = payload_.at(connection.send_position, count);
        ssize_t const sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (would_block(errno)) {
                connection.blocked = true;
            } else {
                bool const connected = connection.state != State::connecting;
                fail_with_errno(connection, connected ? "send" : "cannot connect", errno, now);
            }
            return;
        }
        if (connection.state == State::connecting) become_open(connection, now);
        auto const taken = static_cast<std::size_t>(sent);
        connection.unsent -= taken;
        connection.send_position = Payload::advanced(connection.send_position, taken);
        connection.blocked = taken < count;
    }
}

// A short read tells that the socket is empty; where the end has been seen, it is read too. After a
// full one it is the others' turn: a server that echoes as fast as this reads would keep it here
// for ever.
void Connections::receive(Connection& connection, bool to_the_end, Nanoseconds now) {
    for (;;) {
        ssize_t const size = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
        if (size < 0) {
            if (!would_block(errno)) fail_with_errno(connection, "receive", errno, now);
            return;
        }
        if (size == 0) {
            if (connection.state == State::finishing) {
                close(connection, true, now);
                return;
            }
            fail(connection, ErrorKind::ended_early,
                 "ended early: a FIN came at offset " + std::to_string(connection.received) +
                     ", before " + std::to_string(connection.outstanding) +
                     " bytes that are awaited",
                 now);
            return;
        }
        auto const count = static_cast<std::size_t>(size);
        if (!take(connection, std::span(buffer_).first(count), now)) return;
        if (count == buffer_.size()) {
            see_again(connection, now);
            return;
        }
        if (!to_the_end) return;
    }
}

// False when the connection is no longer to be read.
bool Connections::take(Connection& connection, std::span<std::byte const> bytes, Nanoseconds now) {
    auto const wrong = payload_.first_difference(connection.receive_position, bytes);
    if (wrong || bytes.size() > connection.outstanding) {
        std::uint64_t const offset = connection.received + wrong.value_or(connection.outstanding);
        std::string what = "wrong byte at offset " + std::to_string(offset) + ": ";
        if (bytes.size() > connection.outstanding &&
            wrong.value_or(connection.outstanding) >= connection.outstanding) {
            what += "more came back than was sent";
        } else {
            auto const position = Payload::advanced(connection.receive_position, *wrong);
            what += "expected " + hexadecimal(payload_.at(position, 1).front()) + ", got " +
                    hexadecimal(bytes[*wrong]);
        }
        fail(connection, ErrorKind::wrong_byte, what, now);
        return false;
    }
    connection.receive_position = Payload::advanced(connection.receive_position, bytes.size());
    connection.received += bytes.size();
    connection.outstanding -= bytes.size();
    connection.waiting_since = now;
    complete_messages(connection, bytes.size(), now);
    workload_->on_received(connection, now);
    return connection.state == State::open || connection.state == State::finishing;
}

void Connections::complete_messages(Connection& connection, std::size_t count, Nanoseconds now) {
    while (count > 0) {
        KODAMA_ASSERT(connection.in_flight > 0);
        if (count < connection.left_of_oldest) {
            connection.left_of_oldest -= static_cast<std::uint32_t>(count);
            return;
        }
        count -= connection.left_of_oldest;
        Message const done = message(connection, 0);
        connection.oldest = (connection.oldest + 1) & message_mask_;
        --connection.in_flight;
        if (connection.in_flight == 0) {
            --busy_;
        } else {
            connection.left_of_oldest = message(connection, 0).size;
        }
        workload_->on_echo(connection, done, now);
    }
}

// Connections that say nothing must hear nothing; those that never read are the target's to end.
void Connections::handle_quiet(Connection& connection, std::uint32_t events, Nanoseconds now) {
    if (connection.role == Role::slow_reader) {
        if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
            ++slow_readers_ended_;
            close(connection, false, now);
        } else if ((events & EPOLLOUT) != 0) {
            feed_slow_reader(connection, now);
        }
        return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return;
    std::array<std::byte, 1> byte{};
    ssize_t const size = ::recv(connection.fd, byte.data(), byte.size(), MSG_PEEK);
    if (size < 0 && would_block(errno)) return;
    if (size < 0) {
        fail_with_errno(connection, "an idle connection", errno, now);
    } else if (size == 0) {
        fail(connection, ErrorKind::ended_early, "ended early: a FIN came to an idle connection",
             now);
    } else {
        fail(connection, ErrorKind::wrong_byte,
             "wrong byte at offset 0: something came to a connection that sent nothing", now);
    }
}

void Connections::feed_slow_reader(Connection& connection, Nanoseconds now) {
    constexpr int turns = 16; // and then the others'
    for (int turn = 0; turn < turns; ++turn) {
        auto const bytes = payload_.at(connection.send_position, std::size_t{64} << 10);
        ssize_t const sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (would_block(errno)) return;
            ++slow_readers_ended_;
            close(connection, false, now);
            return;
        }
        auto const taken = static_cast<std::size_t>(sent);
        connection.send_position = Payload::advanced(connection.send_position, taken);
        if (taken < bytes.size()) return;
    }
    see_again(connection, now);
}

} // namespace kodama::bench
