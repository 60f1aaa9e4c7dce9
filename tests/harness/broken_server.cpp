#include <harness/broken_server.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kodama::testing {

namespace {

// As if the kernel never took more at once: that a send takes less than all must not depend on how
// fast the client reads.
constexpr std::size_t taken_max = 16 * 1024;

} // namespace

struct BrokenServer::Client {
    Descriptor socket;
    std::vector<char> unsent = {};
    bool ended = false;
};

BrokenServer::BrokenServer(Mistake mistake)
    : mistake_(mistake),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      bytes_(64 * 1024) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (!listener_.is_open() || !stop_.is_open() || ::bind(listener_.get(), generic, length) != 0 ||
        ::listen(listener_.get(), 1024) != 0 ||
        ::getsockname(listener_.get(), generic, &length) != 0) {
        throw std::runtime_error("a broken server cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

BrokenServer::~BrokenServer() {
    std::uint64_t const one = 1;
    [[maybe_unused]] ssize_t const written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
}

void BrokenServer::run() {
    for (;;) {
        bool const busy = mistake_ == Mistake::one_after_another && !clients_.empty();
        short const accepting = busy ? 0 : POLLIN;
        std::vector<pollfd> polled{{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = listener_.get(), .events = accepting, .revents = 0}};
        for (Client const& one : clients_) {
            short const events = one.unsent.empty() ? POLLIN : POLLOUT;
            polled.push_back({.fd = one.socket.get(), .events = events, .revents = 0});
        }
        if (::poll(polled.data(), polled.size(), -1) < 0) continue;
        if (polled[0].revents != 0) return;
        for (std::size_t i = 2; i < polled.size(); ++i) {
            if (polled[i].revents == 0) continue;
            Client& client = clients_[i - 2];
            client.unsent.empty() ? echo(client) : send_rest(client);
        }
        std::erase_if(clients_, [](Client const& one) { return one.ended; });
        if (polled[1].revents != 0) accept_one();
    }
}

void BrokenServer::accept_one() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) clients_.push_back({.socket = std::move(socket)});
}

void BrokenServer::echo(Client& client) {
    ssize_t const received = ::recv(client.socket.get(), bytes_.data(), bytes_.size(), 0);
    if (received <= 0) return end(client);
    auto count = static_cast<std::size_t>(received);
    longest_ = std::max(longest_, count);
    if (mistake_ == Mistake::text) count = ::strnlen(bytes_.data(), count);
    if (mistake_ == Mistake::stale) count = longest_;
    send(client, count);
}

void BrokenServer::send(Client& client, std::size_t count) {
    int const other = std::exchange(spoke_before_, client.socket.get());
    bool const crosses = mistake_ == Mistake::mixed_up && other >= 0;
    int const fd = crosses ? other : client.socket.get();
    ssize_t const sent = ::send(fd, bytes_.data(), std::min(count, taken_max), MSG_NOSIGNAL);
    if (mistake_ == Mistake::short_send || mistake_ == Mistake::mixed_up) return;
    std::size_t const begin = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    client.unsent.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(begin),
                         bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    // With its bytes unsent, it ends as soon as it has heard the peer out.
    if (mistake_ == Mistake::fin_first && !client.unsent.empty()) {
        while (::recv(client.socket.get(), bytes_.data(), bytes_.size(), 0) > 0) {
        }
        end(client);
    }
}

void BrokenServer::send_rest(Client& client) {
    ssize_t const sent = ::send(client.socket.get(), client.unsent.data(),
                                std::min(client.unsent.size(), taken_max), MSG_NOSIGNAL);
    if (sent < 0) return end(client);
    client.unsent.erase(client.unsent.begin(), client.unsent.begin() + sent);
}

void BrokenServer::end(Client& client) const {
    linger const at_once{.l_onoff = 1, .l_linger = 0};
    if (mistake_ == Mistake::resets)
        ::setsockopt(client.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client.socket.close();
    client.ended = true;
}

} // namespace kodama::testing
