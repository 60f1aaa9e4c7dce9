// Echo with epoll, level-triggered, on one thread: the strongest simple form.
//
// One buffer serves everybody: what was read is sent at once, and only what the socket does not
// take is kept for its connection, which is not read from until that has gone.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bench/peers/peer.hpp>
#include <kodama/base/error.hpp>

namespace {

using kodama::SetupError;
using kodama::UniqueFd;
using kodama::bench::Listening;

// Half of a small second-level cache: sent while it is still warm.
constexpr std::size_t buffer_size = 256 * 1024;
constexpr int events_max = 512;
// How often one connection that keeps filling the buffer is read before others have their turn.
constexpr int reads_max = 4;

// What the socket has not taken yet; empty for almost everybody almost always.
struct Unsent {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t begin = 0;
    std::size_t end = 0;
};

class EpollServer {
public:
    explicit EpollServer(Listening const& listening)
        : listener_(listening.socket.get()),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          buffer_(std::make_unique<std::byte[]>(buffer_size)) {
        kodama::bench::make_non_blocking(listening.socket);
        if (!epoll_ || !watch(EPOLL_CTL_ADD, listener_, EPOLLIN)) {
            throw SetupError(SetupError::Kind::refused, kodama::describe_error("epoll", errno));
        }
    }

    [[noreturn]] void run() {
        std::vector<epoll_event> events(events_max);
        for (;;) {
            int const count = ::epoll_wait(epoll_.get(), events.data(), events_max, -1);
            for (int i = 0; i < count; ++i) {
                epoll_event const& event = events[static_cast<std::size_t>(i)];
                if (event.data.fd == listener_) {
                    accept_all();
                } else if (unsent_of(event.data.fd).bytes) {
                    send_unsent(event.data.fd);
                } else {
                    echo(event.data.fd);
                }
            }
        }
    }

private:
    Unsent& unsent_of(int fd) { return unsent_[static_cast<std::size_t>(fd)]; }

    bool watch(int operation, int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
    }

    void accept_all() {
        for (;;) {
            int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                if (unsent_.size() <= static_cast<std::size_t>(fd))
                    unsent_.resize(2 * static_cast<std::size_t>(fd) + 1);
                if (!watch(EPOLL_CTL_ADD, fd, EPOLLIN)) ::close(fd);
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                // They wait in the kernel's queue until a connection ends.
                accepting_ = !watch(EPOLL_CTL_MOD, listener_, 0);
                return;
            } else if (errno != ECONNABORTED && errno != EINTR) {
                return;
            }
        }
    }

    // A read that does not fill the buffer has emptied the socket, so none is tried that would only
    // say so; if more has come meanwhile, epoll tells.
    void echo(int fd) {
        for (int reads = 0; reads < reads_max; ++reads) {
            ssize_t const received = ::recv(fd, buffer_.get(), buffer_size, 0);
            if (received <= 0) {
                if (received == 0 || (errno != EAGAIN && errno != EINTR)) close_connection(fd);
                return;
            }
            std::size_t const size = static_cast<std::size_t>(received);
            ssize_t const sent = ::send(fd, buffer_.get(), size, MSG_NOSIGNAL);
            if (sent != received) return keep_unsent(fd, size, sent);
            if (size < buffer_size) return;
        }
    }

    void keep_unsent(int fd, std::size_t size, ssize_t sent) {
        if (sent < 0 && errno != EAGAIN) return close_connection(fd);
        std::size_t const begin = sent < 0 ? 0 : static_cast<std::size_t>(sent);
        Unsent& unsent = unsent_of(fd);
        unsent.begin = 0;
        unsent.end = size - begin;
        unsent.bytes = std::make_unique_for_overwrite<std::byte[]>(unsent.end);
        std::memcpy(unsent.bytes.get(), buffer_.get() + begin, unsent.end);
        watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
    }

    void send_unsent(int fd) {
        Unsent& unsent = unsent_of(fd);
        ssize_t const sent =
            ::send(fd, unsent.bytes.get() + unsent.begin, unsent.end - unsent.begin, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) close_connection(fd);
            return;
        }
        unsent.begin += static_cast<std::size_t>(sent);
        if (unsent.begin < unsent.end) return;
        unsent.bytes.reset();
        watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    }

    // The peer's FIN comes after everything was read, and nothing is read while something is
    // unsent: so closing sends our FIN behind the last echo, and never resets.
    void close_connection(int fd) {
        unsent_of(fd).bytes.reset();
        ::close(fd);
        if (!accepting_) accepting_ = watch(EPOLL_CTL_MOD, listener_, EPOLLIN);
    }

    int listener_;
    UniqueFd epoll_;
    std::unique_ptr<std::byte[]> buffer_;
    std::vector<Unsent> unsent_; // by descriptor
    bool accepting_ = true;
};

void serve(Listening const& listening) {
    EpollServer server(listening);
    listening.announce();
    server.run();
}

} // namespace

int main(int argc, char** argv) { return kodama::bench::run_peer("echo-epoll", argc, argv, serve); }
