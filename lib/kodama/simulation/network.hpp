// Sockets without a kernel: listening ones, connections, and the peers' ends of these.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include <kodama/base/address.hpp>
#include <kodama/core/deadline.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// Bytes on their way, first in, first out.
class ByteQueue {
public:
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() - begin_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    // The bytes that are in it, oldest first.
    [[nodiscard]] std::span<std::byte const> bytes() const noexcept {
        return std::span(bytes_).subspan(begin_);
    }
    void push(std::span<std::byte const> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    void pop(std::size_t count) noexcept;
    void clear() noexcept;

private:
    std::vector<std::byte> bytes_;
    std::size_t begin_ = 0;
};

// Which connection of a network: they are numbered from 0 as they are made.
using ConnectionNumber = std::uint32_t;

// One TCP connection: two queues, and how each direction ended. "Server" is the end that a ring
// serves.
struct Socket {
    ByteQueue inbound;  // from the peer
    ByteQueue outbound; // to the peer
    std::size_t inbound_capacity = 0;
    std::size_t outbound_capacity = 0;
    std::uint64_t arrived = 0; // bytes that the peer has ever written
    std::uint64_t taken = 0;   // bytes that the server has ever read
    std::uint64_t sent = 0;    // bytes that the server has ever written
    int server_error = 0;      // what the server's next call is told, once
    bool peer_finished = false;
    bool server_finished = false;
    bool outgoing = false; // the server's program has made it, to connect to the peer
    bool connected = true;
    bool accepted = false;      // by the server's program
    bool over = false;          // reset, by whomever: nothing passes any more
    bool disconnected = false;  // by the server's program, which is told so from then on
    bool server_closed = false; // its descriptor is gone
    bool peer_closed = false;
    bool lost = false;       // the simulated network or kernel gave it up: nobody's fault
    TimePoint active_at{};   // when the server last read or wrote something
    Duration longest_idle{}; // between two of these, or until the server ended it
    TimePoint sent_at{};     // when the server last wrote something
    Duration reset_after{};  // how long that was before the server reset it
    unsigned changes = 0;    // of what the peer can see
    Subject subject = 0;     // whom decisions about it are about

    [[nodiscard]] std::size_t inbound_room() const noexcept {
        return inbound_capacity - std::min(inbound_capacity, inbound.size());
    }
    [[nodiscard]] std::size_t outbound_room() const noexcept {
        return outbound_capacity - std::min(outbound_capacity, outbound.size());
    }
    // There is no connection any more: it was reset, or both have finished.
    [[nodiscard]] bool ended() const noexcept { return over || (peer_finished && server_finished); }
    void begin(TimePoint now) noexcept { active_at = sent_at = now; }
    void note_activity(TimePoint now) noexcept {
        longest_idle = std::max(longest_idle, now - active_at);
        active_at = now;
    }
    // Whether a receive would not have to wait.
    [[nodiscard]] bool readable() const noexcept {
        return !inbound.empty() || peer_finished || over || server_error != 0;
    }
    [[nodiscard]] bool writable() const noexcept {
        return outbound_room() > 0 || over || server_error != 0 || server_finished;
    }
};

struct ListeningSocket {
    int descriptor = -1;
    std::uint32_t backlog = 0;
    std::deque<ConnectionNumber> queue; // complete, not accepted
    bool open = true;
    bool arrivals_stopped = false;
    bool dead = false; // shut down by somebody: accept says EINVAL
};

// Both ends of every connection. It has no time: what somebody writes is there at once, so delays
// are a matter of when somebody writes and of when completions appear.
class Network {
public:
    struct Windows {
        std::size_t inbound = 64 * 1024;
        std::size_t outbound = 64 * 1024;
    };
    enum class Connect : std::uint8_t { connected, wait, refused };

    Network();
    Network(Network const&) = delete;
    Network& operator=(Network const&) = delete;

    // --- the server's side

    // A new listening socket; returns its descriptor.
    int listen(std::uint32_t backlog);
    [[nodiscard]] ListeningSocket* listener(int descriptor) noexcept;
    // Refuses from now on, and resets whom nobody accepted.
    void close_listener(ListeningSocket& listener);
    // It listens no longer, and stays a socket.
    void shut_down_listener(ListeningSocket& listener);
    // A socket that is connected to nobody yet.
    [[nodiscard]] ConnectionNumber make_socket(Subject subject, Windows windows);
    // The attempt has succeeded, or come to this error.
    void connect_outgoing(ConnectionNumber number, int error);
    // What has arrived, as much as fits; returns how many bytes that were.
    std::size_t take(ConnectionNumber number, std::span<std::byte> into);
    // There must be room for all of it.
    void send(ConnectionNumber number, std::span<std::byte const> bytes);
    void finish_server_end(ConnectionNumber number); // FIN
    // The server's descriptor of it is gone: FIN, or RST where it had not read everything.
    // `loses_data`: whether a reset destroys what the peer has not read.
    void close_server_end(ConnectionNumber number, bool loses_data);
    void reset_by_server(ConnectionNumber number, bool loses_data);
    // The connection fails: the server is told `error` by its next call, the peer is reset.
    void lose(ConnectionNumber number, int error);

    // --- the peer's side

    [[nodiscard]] Connect connect(int listener, Subject subject, Windows windows,
                                  ConnectionNumber& number);
    // Returns how many bytes were taken.
    std::size_t write(ConnectionNumber number, std::span<std::byte const> bytes);
    void finish(ConnectionNumber number); // FIN
    void reset_by_peer(ConnectionNumber number, bool loses_data);
    // close(2): FIN, or RST where it has not read everything.
    void close_peer_end(ConnectionNumber number, bool loses_data);
    void read(ConnectionNumber number, std::size_t count);
    // Everything was read, and then came the end.
    [[nodiscard]] bool at_fin(ConnectionNumber number) const noexcept;
    [[nodiscard]] bool at_reset(ConnectionNumber number) const noexcept;

    [[nodiscard]] Socket& socket(ConnectionNumber number) noexcept { return sockets_[number]; }
    [[nodiscard]] Socket const& socket(ConnectionNumber number) const noexcept {
        return sockets_[number];
    }
    // Grows when somebody who waits to be connected may try again.
    [[nodiscard]] unsigned queue_changes() const noexcept { return queue_changes_; }
    void note_queue_change() noexcept { ++queue_changes_; }

    [[nodiscard]] std::size_t connection_count() const noexcept { return sockets_.size(); }
    [[nodiscard]] Address peer_address(ConnectionNumber number) const noexcept;

private:
    std::deque<Socket> sockets_; // stay where they are
    std::deque<ListeningSocket> listeners_;
    int next_listener_;
    unsigned queue_changes_ = 0;
};

} // namespace kodama::simulation
