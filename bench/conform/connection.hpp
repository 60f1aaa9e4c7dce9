// A client's connection that waits with a deadline and says exactly what went wrong.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <bench/harness/payload.hpp>
#include <kodama/base/address.hpp>
#include <kodama/base/unique_fd.hpp>

namespace kodama::bench::conform {

// The server did something else than an echo server does; the message says what was expected, what
// came and where.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Target {
    Address address;
    std::chrono::milliseconds timeout; // of every single wait
};

struct SocketOptions {
    int receive_buffer = 0; // SO_RCVBUF in bytes; 0 leaves it to the kernel
    int send_buffer = 0;    // SO_SNDBUF
};

// Sends a stream of its own, told apart from others' by `number`, and checks that the same stream
// comes back. What is sent with send_bytes() is not of that stream.
class Connection {
public:
    // Begins to connect; every other call needs await_connected() before.
    Connection(Target const& target, Payload const& payload, std::uint64_t number,
               SocketOptions const& options = {});

    void await_connected();

    // The stream, waiting: all that was asked for has gone or come, or a Failure is thrown.
    void send(std::size_t count);
    void receive(std::size_t count);
    void echo(std::size_t count); // both at the same time, so of any size
    // Sends without reading, until the server takes no more or `limit` bytes have gone. What it
    // does then with a client that it cannot send to is what many servers get wrong; that it could
    // be a slow one, which has not come so far yet, makes no good server fail.
    void fill(std::size_t limit);

    // The stream, not waiting: how many bytes went or came.
    std::size_t send_now(std::size_t count);
    std::size_t receive_now(std::size_t count);

    void send_bytes(std::span<std::byte const> bytes);
    void expect_bytes(std::span<std::byte const> bytes);

    void shut_down_sending();
    // Nothing more comes but the server's FIN.
    void expect_fin();
    // Closes with a RST.
    void reset();
    // Closes as a program does that has no interest in what is still to come.
    void close() { socket_.reset(); }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::uint64_t unanswered() const noexcept { return sent_ - received_; }

    // Throws a Failure: `what`, and how far this connection has come.
    [[noreturn]] void fail(std::string const& what) const;
    [[noreturn]] void fail_for_silence(short events) const;

    [[nodiscard]] std::chrono::milliseconds timeout() const noexcept { return target_->timeout; }

private:
    [[nodiscard]] bool becomes(short events, std::chrono::milliseconds timeout) const;
    void await(short events) const;
    // recv() without waiting: bytes, or 0 when there are none now. The server's FIN is a failure.
    std::size_t receive_into(std::span<std::byte> bytes);
    [[noreturn]] void fail_for_difference(std::size_t at, std::span<std::byte const> expected,
                                          std::span<std::byte const> got) const;

    Target const* target_;
    Payload const* payload_;
    std::uint64_t number_;
    UniqueFd socket_;
    Payload::Position send_position_;
    Payload::Position receive_position_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

enum class End { stay_open, finish };

// All of them echo at once: each sends `count` bytes more, while what comes back is read. With
// `finish`, each sends its FIN right behind, and the server's must come behind the last byte.
void echo_all(std::span<Connection> connections, std::size_t count, End end = End::stay_open);

} // namespace kodama::bench::conform
