#include <kodama/simulation/network.hpp>

#include <algorithm>
#include <cerrno>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

constexpr int first_listener = 5;

// What a reset by the peer leaves to be told.
int reset_error(Socket const& socket) noexcept {
    if (socket.ended()) return 0;
    return socket.peer_finished ? EPIPE : ECONNRESET;
}

} // namespace

// --- ByteQueue

void ByteQueue::pop(std::size_t count) noexcept {
    KODAMA_ASSERT(count <= size());
    begin_ += count;
    if (begin_ == bytes_.size()) return clear();
    if (begin_ < bytes_.size() / 2) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
}

void ByteQueue::clear() noexcept {
    bytes_.clear();
    begin_ = 0;
}

// --- the server's side

Network::Network() : next_listener_(first_listener) {}

int Network::listen(std::uint32_t backlog) {
    ListeningSocket& listener = listeners_.emplace_back();
    listener.descriptor = next_listener_++;
    listener.backlog = backlog;
    return listener.descriptor;
}

ListeningSocket* Network::listener(int descriptor) noexcept {
    for (ListeningSocket& listener : listeners_) {
        if (listener.open && listener.descriptor == descriptor) return &listener;
    }
    return nullptr;
}

void Network::close_listener(ListeningSocket& listener) {
    listener.open = false;
    for (ConnectionNumber const number : listener.queue) {
        reset_by_server(number, false);
        socket(number).server_closed = true;
    }
    listener.queue.clear();
    note_queue_change();
}

void Network::shut_down_listener(ListeningSocket& listener) {
    listener.dead = true;
    for (ConnectionNumber const number : listener.queue)
        lose(number, ECONNRESET);
    listener.queue.clear();
    note_queue_change();
}

ConnectionNumber Network::make_socket(Subject subject, Windows windows) {
    Socket& socket = sockets_.emplace_back();
    socket.subject = subject;
    socket.inbound_capacity = windows.inbound;
    socket.outbound_capacity = windows.outbound;
    socket.outgoing = true;
    socket.connected = false;
    return static_cast<ConnectionNumber>(sockets_.size() - 1);
}

void Network::connect_outgoing(ConnectionNumber number, int error) {
    Socket& socket = sockets_[number];
    KODAMA_ASSERT(socket.outgoing && !socket.connected);
    socket.connected = error == 0;
    socket.accepted = error == 0;
    socket.over = error != 0;
    ++socket.changes;
}

std::size_t Network::take(ConnectionNumber number, std::span<std::byte> into) {
    Socket& socket = sockets_[number];
    std::size_t const count = std::min(into.size(), socket.inbound.size());
    std::copy_n(socket.inbound.bytes().begin(), count, into.begin());
    socket.inbound.pop(count);
    socket.taken += count;
    ++socket.changes;
    return count;
}

void Network::send(ConnectionNumber number, std::span<std::byte const> bytes) {
    Socket& socket = sockets_[number];
    KODAMA_ASSERT(!socket.over && !socket.server_finished);
    KODAMA_ASSERT(bytes.size() <= socket.outbound_room());
    socket.sent += bytes.size();
    ++socket.changes;
    if (!socket.peer_closed) return socket.outbound.push(bytes);
    // Nobody is there to read it: the answer is a reset.
    socket.server_error = reset_error(socket);
    socket.over = true;
}

void Network::finish_server_end(ConnectionNumber number) {
    sockets_[number].server_finished = true;
    ++sockets_[number].changes;
}

void Network::close_server_end(ConnectionNumber number, bool loses_data) {
    Socket& socket = sockets_[number];
    KODAMA_ASSERT(!socket.server_closed);
    socket.server_closed = true;
    if (socket.over) return;
    // RFC 1122, 4.2.2.13: unread input makes it a reset.
    if (!socket.inbound.empty()) return reset_by_server(number, loses_data);
    socket.server_finished = true;
    ++socket.changes;
}

void Network::reset_by_server(ConnectionNumber number, bool loses_data) {
    Socket& socket = sockets_[number];
    socket.disconnected = true;
    socket.inbound.clear();
    if (socket.over) return;
    if (!socket.ended()) socket.server_error = ECONNRESET;
    socket.over = true;
    // What the kernel had not transmitted is gone; what was under way, the peer may still read.
    if (loses_data) socket.outbound.clear();
    ++socket.changes;
}

void Network::lose(ConnectionNumber number, int error) {
    Socket& socket = sockets_[number];
    if (socket.over) return;
    socket.over = true;
    socket.lost = true;
    socket.server_error = error;
    socket.outbound.clear();
    ++socket.changes;
}

// --- the peer's side

Network::Connect Network::connect(int listener_descriptor, Subject subject, Windows windows,
                                  ConnectionNumber& number) {
    ListeningSocket* const to = listener(listener_descriptor);
    if (to == nullptr) return Connect::refused;
    if (to->arrivals_stopped) return Connect::wait; // packets are dropped
    if (to->dead) return Connect::refused;
    if (to->queue.size() > to->backlog) return Connect::wait; // Linux lets one more in
    number = static_cast<ConnectionNumber>(sockets_.size());
    Socket& socket = sockets_.emplace_back();
    socket.subject = subject;
    socket.inbound_capacity = windows.inbound;
    socket.outbound_capacity = windows.outbound;
    to->queue.push_back(number);
    return Connect::connected;
}

std::size_t Network::write(ConnectionNumber number, std::span<std::byte const> bytes) {
    Socket& socket = sockets_[number];
    KODAMA_ASSERT(!socket.peer_finished && !socket.peer_closed);
    if (socket.over) return 0;
    std::size_t const count = std::min(bytes.size(), socket.inbound_room());
    if (count == 0) return 0;
    if (socket.server_closed) {
        // Nobody is there to read it.
        reset_by_server(number, false);
        return 0;
    }
    socket.inbound.push(bytes.first(count));
    socket.arrived += count;
    return count;
}

void Network::finish(ConnectionNumber number) { sockets_[number].peer_finished = true; }

void Network::reset_by_peer(ConnectionNumber number, bool loses_data) {
    Socket& socket = sockets_[number];
    if (!socket.over) {
        socket.server_error = reset_error(socket);
        socket.over = true;
        if (loses_data) socket.inbound.clear();
    }
    socket.outbound.clear();
    socket.peer_closed = true;
}

void Network::close_peer_end(ConnectionNumber number, bool loses_data) {
    Socket& socket = sockets_[number];
    if (!socket.over && !socket.outbound.empty()) return reset_by_peer(number, loses_data);
    socket.peer_finished = true;
    socket.peer_closed = true;
}

void Network::read(ConnectionNumber number, std::size_t count) {
    sockets_[number].outbound.pop(count);
}

bool Network::at_fin(ConnectionNumber number) const noexcept {
    Socket const& socket = sockets_[number];
    return socket.outbound.empty() && socket.server_finished;
}

bool Network::at_reset(ConnectionNumber number) const noexcept {
    Socket const& socket = sockets_[number];
    return socket.outbound.empty() && !socket.server_finished && socket.over;
}

Address Network::peer_address(ConnectionNumber number) const noexcept {
    if (sockets_[number].ended()) return {};
    auto const high = static_cast<std::uint8_t>(number >> 16);
    return Address::ipv4({10, 0, 0, high}, static_cast<std::uint16_t>(number + 1));
}

} // namespace kodama::simulation
