#include <harness/bent_server.hpp>

#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kodama/base/address.hpp>

namespace kodama::testing {

namespace {

bool send_all(int socket, std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
        auto const sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

} // namespace

BentServer::BentServer(std::size_t message, std::function<Then(Turn)> bend)
    : message_(message),
      bend_(std::move(bend)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    socklen_t const length = Address::ipv4({127, 0, 0, 1}, 0).to(storage);
    if (::bind(listener_.get(), reinterpret_cast<sockaddr const*>(&storage), length) != 0 ||
        ::listen(listener_.get(), 128) != 0) {
        throw std::runtime_error("cannot listen");
    }
    acceptor_ = std::thread([this] { accept_all(); });
}

BentServer::~BentServer() {
    {
        std::lock_guard const lock(mutex_);
        ending_ = true;
        accepted_.notify_all();
        ::shutdown(listener_.get(), SHUT_RDWR); // wakes accept()
        for (int const socket : sockets_)
            ::shutdown(socket, SHUT_RDWR); // of -1 it does nothing
    }
    acceptor_.join();
    for (std::thread& thread : threads_)
        thread.join();
}

std::string BentServer::target() const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&storage), &length);
    return Address::from(storage).to_string();
}

void BentServer::end(std::size_t connection) {
    std::unique_lock lock(mutex_);
    accepted_.wait(lock, [&] { return sockets_.size() > connection || ending_; });
    if (sockets_.size() > connection) ::shutdown(sockets_[connection], SHUT_WR);
}

void BentServer::accept_all() {
    for (std::size_t number = 0;; ++number) {
        int const socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        std::lock_guard const lock(mutex_);
        if (socket < 0 || ending_) {
            if (socket >= 0) ::close(socket);
            return;
        }
        sockets_.push_back(socket);
        accepted_.notify_all();
        threads_.emplace_back([this, socket, number] { serve(socket, number); });
    }
}

void BentServer::serve(int socket, std::size_t number) {
    std::vector<std::byte> bytes;
    Then then = Then::go_on;
    for (std::uint64_t offset = 0; then == Then::go_on; offset += message_) {
        bytes.resize(message_);
        auto const size = ::recv(socket, bytes.data(), bytes.size(), MSG_WAITALL);
        if (size <= 0) break;
        received_ += static_cast<std::uint64_t>(size);
        bytes.resize(static_cast<std::size_t>(size));
        then = bend_({number, offset, bytes, *this});
        if (then == Then::go_on && !send_all(socket, bytes)) break;
    }
    std::lock_guard const lock(mutex_);
    if (then == Then::reset) {
        linger const now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    sockets_[number] = -1;
    ::close(socket);
}

} // namespace kodama::testing
