// Connecting, sending, receiving and checking, for many connections in one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/epoll.h>

#include <bench/harness/payload.hpp>
#include <bench/load/connection.hpp>
#include <bench/load/error_log.hpp>
#include <bench/load/options.hpp>
#include <bench/load/workload.hpp>
#include <kodama/base/address.hpp>
#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

// Every socket is watched edge-triggered for everything from the start, so that epoll_ctl is seldom
// called more than once for a connection. Nothing is allocated after construction.
class Connections {
public:
    Connections(LoadOptions const& options, Address const& target, ErrorLog& errors);
    Connections(Connections const&) = delete;
    Connections& operator=(Connections const&) = delete;
    ~Connections();

    // Must come before anything else.
    void use(Workload& workload) noexcept { workload_ = &workload; }

    // Those that echo come first, `options.connections` of them.
    [[nodiscard]] std::span<Connection> all() noexcept { return connections_; }

    [[nodiscard]] std::span<Connection> echoing() noexcept {
        return std::span(connections_).first(echoing_);
    }

    void connect(Connection& connection, Nanoseconds now);

    // Adds a message; flush() sends it.
    void queue(Connection& connection, Message const& message, Nanoseconds now) noexcept;
    void flush(Connection& connection, Nanoseconds now);

    [[nodiscard]] bool has_room(Connection const& connection) const noexcept {
        return connection.in_flight <= message_mask_;
    }

    // FIN; the connection is closed when the server's has come.
    void finish(Connection& connection, Nanoseconds now);

    // Waits for events for at most so long; `wait_ns` 0 looks and returns. Returns how many.
    std::size_t wait(Nanoseconds wait_ns);
    // Deals with one of them; returns the time.
    Nanoseconds handle(std::size_t event);

    // Fails those that have waited for too long.
    void fail_overdue(Nanoseconds now);
    // Fails holders that are no longer alive.
    void check_idle(Nanoseconds now);
    void close_all() noexcept;

    // How many wait for something of the server's.
    [[nodiscard]] std::size_t busy() const noexcept { return busy_; }

    [[nodiscard]] std::size_t connecting() const noexcept { return connecting_; }

    [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }

    // Echoing ones that are not closed.
    [[nodiscard]] std::size_t alive() const noexcept { return alive_; }

    [[nodiscard]] std::size_t slow_readers_ended() const noexcept { return slow_readers_ended_; }

    // Why the first connection failed; empty when none has.
    [[nodiscard]] std::string const& first_failure() const noexcept { return first_failure_; }

private:
    void watch(Connection& connection, int operation, Nanoseconds now);
    // Its events come again, though nothing has changed.
    void see_again(Connection& connection, Nanoseconds now) {
        watch(connection, EPOLL_CTL_MOD, now);
    }
    void become_open(Connection& connection, Nanoseconds now);
    void receive(Connection& connection, bool to_the_end, Nanoseconds now);
    bool take(Connection& connection, std::span<std::byte const> bytes, Nanoseconds now);
    void complete_messages(Connection& connection, std::size_t count, Nanoseconds now);
    void handle_quiet(Connection& connection, std::uint32_t events, Nanoseconds now);
    void feed_slow_reader(Connection& connection, Nanoseconds now);
    void fail(Connection& connection, ErrorKind kind, std::string const& what, Nanoseconds now);
    void fail_with_errno(Connection& connection, char const* what, int error, Nanoseconds now);
    void close(Connection& connection, bool in_order, Nanoseconds now);

    [[nodiscard]] Message& message(Connection const& connection, std::uint32_t index) noexcept {
        auto const row = static_cast<std::size_t>(&connection - connections_.data());
        return messages_[row * (message_mask_ + std::size_t{1}) +
                         ((connection.oldest + index) & message_mask_)];
    }

    LoadOptions const& options_;
    Address target_;
    std::uint32_t source_addresses_;
    ErrorLog& errors_;
    Workload* workload_ = nullptr;
    Payload payload_;
    UniqueFd epoll_;
    std::size_t echoing_;
    std::uint32_t message_mask_;
    std::vector<Connection> connections_;
    std::vector<Message> messages_; // a ring for each that echoes
    std::vector<std::byte> buffer_;
    std::array<epoll_event, 512> events_{};
    std::size_t busy_ = 0;
    std::size_t connecting_ = 0;
    std::size_t alive_ = 0;
    std::size_t slow_readers_ended_ = 0;
    std::uint64_t opened_ = 0;
    std::uint64_t made_ = 0;
    std::string first_failure_;
};

} // namespace kodama::bench
