// A blocking TCP client that fails instead of hanging: every call has a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <kodama/base/address.hpp>

#include <support/descriptor.hpp>
#include <support/eventually.hpp>

namespace kodama::testing {

// The connection did something else than the test asked for. `error_number()` says what: 0 for a
// FIN (or for bytes after what should be the last), EAGAIN for the deadline, ECONNRESET and so on.
class ClientError : public std::runtime_error {
public:
    ClientError(std::string const& what, int error_number);

    [[nodiscard]] int error_number() const noexcept { return error_number_; }

private:
    int error_number_;
};

struct ClientOptions {
    int receive_buffer = 0; // SO_RCVBUF in bytes; 0 leaves it to the kernel
    int send_buffer = 0;    // SO_SNDBUF
    std::chrono::seconds timeout = patience;
};

class Client {
public:
    explicit Client(Address const& server, ClientOptions options = {});

    void send_all(std::span<std::byte const> bytes, int flags = 0);
    void send_all(std::string_view text, int flags = 0);
    // Sends what fits without waiting, and returns how much that was.
    std::size_t send_some(std::span<std::byte const> bytes);

    // False when the socket takes nothing before the deadline.
    [[nodiscard]] bool await_writable(std::chrono::milliseconds deadline) const;

    // At least one byte, or 0 after the server's FIN.
    std::size_t receive_some(std::span<std::byte> bytes);
    void receive_exactly(std::span<std::byte> bytes);
    [[nodiscard]] std::string receive_exactly(std::size_t count);
    [[nodiscard]] std::string receive_until_fin();
    // Throws when bytes or a reset come instead.
    void expect_fin();
    // Reads and forgets until the connection ends; 0 for a FIN, else the error's number.
    int discard_until_end();

    void shut_down_sending();
    // Closes with a RST (SO_LINGER of 0), whatever is still under way.
    void reset();

    void close() { socket_.close(); }

    [[nodiscard]] Address local_address() const;
    // Bytes sent that the server's kernel has not acknowledged: 0 means all have arrived there.
    [[nodiscard]] std::size_t unacknowledged() const;
    // Waits until all that was sent has arrived at the server's kernel.
    void await_arrival() const;

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

private:
    Descriptor socket_;
};

// Tries to connect, and closes at once; 0, or the error's number.
[[nodiscard]] int connect_error(Address const& server);

// 127.0.0.1 with this port.
[[nodiscard]] Address loopback(std::uint16_t port);

} // namespace kodama::testing
