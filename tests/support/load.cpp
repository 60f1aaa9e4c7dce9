#include <support/load.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <kodama/base/error.hpp>

#include <support/client.hpp>
#include <support/payload.hpp>

namespace kodama::testing {

namespace {

// One connection of the load: what it has sent and what has come back.
class Echoing {
public:
    Echoing(Load const& load, std::size_t number)
        : load_(load),
          number_(number),
          payload_(load.seed, number),
          random_(load.seed ^ mixed(number)),
          client_(load.server) {}

    [[nodiscard]] int descriptor() const noexcept { return client_.descriptor(); }

    [[nodiscard]] bool done() const noexcept { return done_; }

    // What to wait for; writability only while there is something to send.
    [[nodiscard]] std::uint32_t interest() const noexcept {
        bool const room = sent_ - received_ < load_.in_flight_max;
        return EPOLLIN | (sent_ < load_.bytes && room ? std::uint32_t{EPOLLOUT} : 0u);
    }

    void on_writable(std::span<std::byte> scratch) {
        std::uint64_t const room = load_.in_flight_max - (sent_ - received_);
        std::uint64_t const left = std::min(load_.bytes - sent_, room);
        if (left == 0) return;
        std::size_t const segment = 1 + random_.below(load_.segment_max);
        auto const bytes =
            scratch.first(std::min({segment, scratch.size(), static_cast<std::size_t>(left)}));
        payload_.fill(bytes, sent_);
        sent_ += client_.send_some(bytes);
        if (sent_ == load_.bytes && load_.half_close) client_.shut_down_sending();
    }

    void on_readable(std::span<std::byte> scratch) {
        auto const count = ::recv(descriptor(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count < 0) fail(describe_error("receive", errno));
        auto const bytes = scratch.first(static_cast<std::size_t>(count));
        payload_.check(bytes, received_);
        received_ += bytes.size();
        if (received_ > sent_) fail("more came back than was sent");
        if (bytes.empty() && !(load_.half_close && received_ == load_.bytes)) fail("early FIN");
        done_ = load_.half_close ? bytes.empty() : received_ == load_.bytes;
        if (done_) client_.close();
    }

    [[noreturn]] void fail(std::string const& what) const {
        throw std::runtime_error("connection " + std::to_string(number_) + ": " + what + "; sent " +
                                 std::to_string(sent_) + ", received " + std::to_string(received_) +
                                 " of " + std::to_string(load_.bytes));
    }

private:
    Load const& load_;
    std::size_t number_;
    Payload payload_;
    Random random_;
    Client client_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    bool done_ = false;
};

void watch(int epoll, int operation, std::vector<Echoing> const& clients, std::size_t index) {
    epoll_event event{};
    event.events = clients[index].interest();
    event.data.u64 = index;
    if (::epoll_ctl(epoll, operation, clients[index].descriptor(), &event) != 0) {
        throw std::runtime_error(describe_error("epoll_ctl", errno));
    }
}

} // namespace

void run(Load const& load) {
    std::vector<Echoing> clients;
    clients.reserve(load.connections);
    for (std::size_t i = 0; i < load.connections; ++i)
        clients.emplace_back(load, i);

    Descriptor const epoll{::epoll_create1(EPOLL_CLOEXEC)};
    for (std::size_t i = 0; i < clients.size(); ++i)
        watch(epoll.get(), EPOLL_CTL_ADD, clients, i);

    auto const end = std::chrono::steady_clock::now() + load.deadline;
    std::vector<std::byte> scratch(256 * 1024);
    std::array<epoll_event, 256> events{};
    for (std::size_t left = clients.size(); left > 0;) {
        int const count = ::epoll_wait(epoll.get(), events.data(), int{events.size()}, 1000);
        for (int i = 0; i < count; ++i) {
            epoll_event const& event = events[static_cast<std::size_t>(i)];
            std::size_t const index = event.data.u64;
            Echoing& client = clients[index];
            if ((event.events & EPOLLOUT) != 0) client.on_writable(scratch);
            if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) client.on_readable(scratch);
            if (client.done()) {
                --left;
            } else {
                watch(epoll.get(), EPOLL_CTL_MOD, clients, index);
            }
        }
        if (std::chrono::steady_clock::now() < end) continue;
        auto const stuck = std::find_if_not(clients.begin(), clients.end(),
                                            [](auto const& client) { return client.done(); });
        if (stuck != clients.end())
            stuck->fail("not done at the deadline, nor were " + std::to_string(left - 1) +
                        " others");
    }
}

} // namespace kodama::testing
