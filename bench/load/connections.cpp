#include <bench/load/connections.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>

#include <sys/socket.h>
#include <unistd.h>

#include <bench/harness/sockets.hpp>
#include <bench/harness/target.hpp>
#include <kodama/base/assert.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

// A stream of small writes is held back by this rather than by its window.
constexpr std::uint64_t stream_messages_max = 4096;

std::uint32_t messages_wanted(LoadOptions const& options) {
    if (options.mode != Mode::stream) return options.depth;
    std::uint64_t const fit = options.window / options.sizes.smallest();
    return static_cast<std::uint32_t>(std::min(fit, stream_messages_max));
}

// One address has some 28,000 ports, and each is in TIME_WAIT for a minute after its connection:
// 256 addresses serve 120,000 connections a second. Otherwise one address does, without being told.
std::uint32_t sources_wanted(LoadOptions const& options, std::size_t connections,
                             Address const& target) {
    if (!is_ipv4_loopback(target)) return 0;
    if (options.source_addresses > 0) return options.source_addresses;
    if (options.mode == Mode::churn) return 256;
    constexpr std::size_t ports = 20'000;
    return connections <= ports ? 0 : static_cast<std::uint32_t>(connections / ports + 1);
}

} // namespace

Connections::Connections(LoadOptions const& options, Address const& target, ErrorLog& errors)
    : options_(options),
      target_(target),
      errors_(errors),
      payload_(options.seed),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      echoing_(options.connections),
      message_mask_(std::bit_ceil(messages_wanted(options)) - 1),
      connections_(echoing_ + options.idle + options.slow_readers),
      messages_(echoing_ * (std::size_t{message_mask_} + 1)),
      buffer_(std::size_t{128} << 10) {
    if (!epoll_)
        throw SetupError(SetupError::Kind::refused, describe_error("epoll_create1", errno));
    source_addresses_ = sources_wanted(options, connections_.size(), target);
    for (std::size_t index = echoing_; index < connections_.size(); ++index) {
        connections_[index].role = index < echoing_ + options.idle ? Role::idle : Role::slow_reader;
    }
}

Connections::~Connections() { close_all(); }

void Connections::connect(Connection& connection, Nanoseconds now) {
    KODAMA_ASSERT(connection.state == State::closed);
    Role const role = connection.role;
    connection = Connection{};
    connection.role = role;
    connection.number = made_++;
    connection.send_position = payload_.position(connection.number);
    connection.receive_position = connection.send_position;
    connection.state = State::connecting;
    connection.waiting_since = now;
    ++connecting_;
    ++busy_;
    if (role == Role::echo) ++alive_;

    SocketOptions socket{.congestion = options_.congestion};
    if (source_addresses_ > 0) {
        auto const source = static_cast<std::uint32_t>(connection.number % source_addresses_);
        socket.source = source_address(source);
    }
    Connecting connecting = start_connecting(target_, socket);
    if (connecting.error != 0) {
        fail_with_errno(connection, "cannot connect", connecting.error, now);
        return;
    }
    connection.fd = connecting.socket.release();
    watch(connection, EPOLL_CTL_ADD, now);
}

void Connections::watch(Connection& connection, int operation, Nanoseconds now) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = static_cast<std::uint64_t>(&connection - connections_.data());
    if (::epoll_ctl(epoll_.get(), operation, connection.fd, &event) != 0)
        fail_with_errno(connection, "epoll_ctl", errno, now);
}

void Connections::become_open(Connection& connection, Nanoseconds now) {
    KODAMA_ASSERT(connection.state == State::connecting);
    connection.state = State::open;
    --connecting_;
    if (connection.in_flight == 0) --busy_;
    connection.waiting_since = now;
    ++opened_;
}

void Connections::finish(Connection& connection, Nanoseconds now) {
    KODAMA_ASSERT(connection.state == State::open);
    KODAMA_ASSERT(connection.in_flight == 0);
    connection.state = State::finishing;
    connection.waiting_since = now;
    ++busy_;
    if (::shutdown(connection.fd, SHUT_WR) != 0)
        fail_with_errno(connection, "shutdown", errno, now);
}

void Connections::close(Connection& connection, bool in_order, Nanoseconds now) {
    KODAMA_ASSERT(connection.state != State::closed);
    bool const waits = connection.in_flight > 0 || connection.state != State::open;
    if (waits) --busy_;
    if (connection.state == State::connecting) --connecting_;
    connection.state = State::closed;
    if (connection.fd >= 0) ::close(connection.fd);
    connection.fd = -1;
    if (connection.role != Role::echo) return;
    --alive_;
    std::uint32_t const lost = connection.in_flight;
    connection.in_flight = 0;
    workload_->on_closed(connection, in_order, lost, now);
}

void Connections::fail(Connection& connection, ErrorKind kind, std::string const& what,
                       Nanoseconds now) {
    errors_.add(kind, connection.number, what);
    if (first_failure_.empty()) first_failure_ = what;
    close(connection, false, now);
}

void Connections::fail_with_errno(Connection& connection, char const* what, int error,
                                  Nanoseconds now) {
    // A connection that was reset in the middle says EPIPE or ECONNRESET, whichever call comes
    // first.
    fail(connection, kind_of(error), describe_error(what, error), now);
}

std::size_t Connections::wait(Nanoseconds wait_ns) {
    timespec const timeout{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
    int const count = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                     &timeout, nullptr);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

Nanoseconds Connections::handle(std::size_t event) {
    std::uint32_t const events = events_[event].events;
    Connection& connection = connections_[events_[event].data.u64];
    Nanoseconds const now = steady_ns();
    if (connection.state == State::closed) return now;
    if (connection.state == State::connecting) {
        if (int const error = socket_error(connection.fd); error != 0) {
            fail_with_errno(connection, "cannot connect", error, now);
            return now;
        }
        become_open(connection, now);
    }
    if (connection.role != Role::echo) {
        handle_quiet(connection, events, now);
        return now;
    }
    bool const ends = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if ((events & EPOLLIN) != 0 || ends) receive(connection, ends, now);
    if ((events & EPOLLOUT) != 0 && connection.state == State::open && connection.blocked) {
        connection.blocked = false;
        flush(connection, now);
        if (connection.state == State::open) workload_->on_writable(connection, now);
    }
    return now;
}

void Connections::fail_overdue(Nanoseconds now) {
    for (Connection& connection : connections_) {
        if (connection.state == State::closed) continue;
        bool const waits = connection.in_flight > 0 || connection.state != State::open;
        if (!waits || now - connection.waiting_since <= options_.timeout) continue;
        std::string const patience = print_duration(std::chrono::nanoseconds(options_.timeout));
        std::string what = "timed out: no FIN came within " + patience;
        if (connection.state == State::connecting) {
            what = "timed out: not connected within " + patience;
        } else if (connection.state == State::open) {
            what = "timed out: nothing came within " + patience + ", of " +
                   std::to_string(connection.outstanding) + " bytes that are awaited from offset " +
                   std::to_string(connection.received) + " on";
        }
        fail(connection, ErrorKind::timed_out, what, now);
    }
}

void Connections::check_idle(Nanoseconds now) {
    for (Connection& connection : connections_) {
        if (connection.role != Role::idle || connection.state != State::open) continue;
        handle_quiet(connection, EPOLLIN, now);
    }
}

void Connections::close_all() noexcept {
    for (Connection& connection : connections_) {
        if (connection.fd >= 0) ::close(connection.fd);
        connection.fd = -1;
        connection.state = State::closed;
    }
}

} // namespace kodama::bench
