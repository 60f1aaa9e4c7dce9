// Echo in the kernel: a small BPF program (echo_sockmap.bpf.c) sends back whatever arrives on a
// connection, and no byte of it comes to user space. What is left to do here is to accept, and to
// close in order: FIN behind the last byte. And the map takes no socket that has got its FIN
// already; what that has received, nobody else touches any more, is echoed here.
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bench/peers/peer.hpp>
#include <kodama/base/error.hpp>

namespace {

using kodama::SetupError;
using kodama::UniqueFd;
using kodama::bench::Listening;

constexpr int events_max = 512;
// How often to look whether the kernel has sent the rest of what a peer with a FIN is owed. Nothing
// tells; and who waits for answers before sending its FIN is not owed any.
constexpr int look_again_ms = 1;
constexpr rlim_t connections_max = 1'000'000;

[[noreturn]] void unsupported(std::string const& what, int error_number) {
    throw SetupError(SetupError::Kind::unsupported,
                     kodama::describe_error(what, error_number) +
                         "; needs root (CAP_BPF, CAP_NET_ADMIN) and a kernel with "
                         "BPF_STREAM_PARSER");
}

struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// The program at work, and the map of the sockets that it works on. Both go with the process.
class KernelEcho {
public:
    explicit KernelEcho() {
        libbpf_set_print(nullptr);
        object_.reset(bpf_object__open_file(KODAMA_SOCKMAP_PROGRAM, nullptr));
        if (!object_) unsupported("cannot open " KODAMA_SOCKMAP_PROGRAM, errno);
        bpf_map* const map = bpf_object__find_map_by_name(object_.get(), "connections");
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        bpf_map__set_max_entries(
            map, static_cast<std::uint32_t>(std::min(limit.rlim_cur, connections_max)));
        if (bpf_object__load(object_.get()) != 0) unsupported("cannot load a BPF program", errno);
        bpf_program* const program = bpf_object__find_program_by_name(object_.get(), "on_data");
        map_ = bpf_map__fd(map);
        if (bpf_prog_attach(bpf_program__fd(program), map_, BPF_SK_SKB_STREAM_VERDICT, 0) != 0)
            unsupported("cannot attach a BPF program to sockets", errno);
    }

    // From here on nobody may read from the socket. What it has received already stays in its queue
    // and is echoed first, but only when something makes the kernel look: data that arrive, or this
    // option, whose value is the one that it had before.
    [[nodiscard]] bool take(int fd) const {
        std::uint64_t cookie = 0;
        socklen_t length = sizeof cookie;
        int const wake_from = 1;
        auto const value = static_cast<std::uint64_t>(fd);
        return ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0 &&
               bpf_map_update_elem(map_, &cookie, &value, BPF_ANY) == 0 &&
               ::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wake_from, sizeof wake_from) == 0;
    }

private:
    std::unique_ptr<bpf_object, CloseObject> object_;
    int map_ = -1;
};

// Whether the kernel has taken back, into the socket's send queue, all that it received. Its
// workqueue may hold some that is in neither queue, so both ends are counted. What is
// acknowledged meanwhile is missed, which errs on the safe side.
bool all_is_sent(int fd) {
    tcp_info info{};
    socklen_t length = sizeof info;
    int queued = 0;
    if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return true;
    if (::ioctl(fd, SIOCOUTQ, &queued) != 0) return true;
    // The FIN was counted too.
    return info.tcpi_bytes_acked + static_cast<unsigned>(queued) + 1 >= info.tcpi_bytes_received;
}

class SockmapServer {
public:
    SockmapServer(Listening const& listening, KernelEcho const& echo)
        : echo_(echo), listener_(listening.socket.get()), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        kodama::bench::make_non_blocking(listening.socket);
        if (!epoll_ || !watch(EPOLL_CTL_ADD, listener_, EPOLLIN)) {
            throw SetupError(SetupError::Kind::refused, kodama::describe_error("epoll", errno));
        }
    }

    [[noreturn]] void run() {
        std::vector<epoll_event> events(events_max);
        for (;;) {
            int const timeout = ending_.empty() ? -1 : look_again_ms;
            int const count = ::epoll_wait(epoll_.get(), events.data(), events_max, timeout);
            for (int i = 0; i < count; ++i) {
                epoll_event const& event = events[static_cast<std::size_t>(i)];
                if (event.data.fd == listener_) {
                    accept_all();
                } else {
                    end(event.data.fd, event.events);
                }
            }
            close_ended();
        }
    }

private:
    bool watch(int operation, int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
    }

    void begin(int fd) {
        if (echo_.take(fd)) {
            if (!watch(EPOLL_CTL_ADD, fd, EPOLLRDHUP)) ::close(fd);
        } else if (errno == EOPNOTSUPP) {
            try {
                std::thread([fd] { kodama::bench::echo_until_end(UniqueFd(fd)); }).detach();
            } catch (std::system_error const&) {
                ::close(fd);
            }
        } else {
            ::close(fd);
        }
    }

    void accept_all() {
        for (;;) {
            int const fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0) {
                begin(fd);
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                accepting_ = !watch(EPOLL_CTL_MOD, listener_, 0);
                return;
            } else if (errno != ECONNABORTED && errno != EINTR) {
                return;
            }
        }
    }

    // The peer's FIN, after which there is nothing more to hear but a reset.
    void end(int fd, std::uint32_t events) {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
            std::erase(ending_, fd);
            return close_connection(fd);
        }
        if (all_is_sent(fd)) return close_connection(fd);
        watch(EPOLL_CTL_MOD, fd, 0);
        ending_.push_back(fd);
    }

    void close_ended() {
        std::erase_if(ending_, [this](int fd) {
            if (!all_is_sent(fd)) return false;
            close_connection(fd);
            return true;
        });
    }

    void close_connection(int fd) {
        ::close(fd);
        if (!accepting_) accepting_ = watch(EPOLL_CTL_MOD, listener_, EPOLLIN);
    }

    KernelEcho const& echo_;
    int listener_;
    UniqueFd epoll_;
    std::vector<int> ending_; // have sent their FIN, and are owed something
    bool accepting_ = true;
};

void serve(Listening const& listening) {
    KernelEcho const echo;
    SockmapServer server(listening, echo);
    listening.announce();
    server.run();
}

} // namespace

int main(int argc, char** argv) {
    return kodama::bench::run_peer("echo-sockmap", argc, argv, serve);
}
