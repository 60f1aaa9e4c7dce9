// Echo with blocking calls and a thread for each connection: two system calls an echo, and nothing
// that could be simpler.
#include <cerrno>
#include <cstddef>
#include <semaphore>
#include <system_error>
#include <thread>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bench/peers/peer.hpp>
#include <kodama/base/unique_fd.hpp>

namespace {

using kodama::UniqueFd;
using kodama::bench::Listening;

// Descriptors that are no connections: the standard streams and the listening socket.
constexpr std::ptrdiff_t descriptors_beside = 8;

std::ptrdiff_t connections_max() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    constexpr rlim_t enough = 1'000'000;
    return static_cast<std::ptrdiff_t>(limit.rlim_cur < enough ? limit.rlim_cur : enough) -
           descriptors_beside;
}

// Whoever comes while all places are taken waits in the kernel's queue.
void serve(Listening const& listening) {
    std::counting_semaphore<> places(connections_max());
    listening.announce();
    for (;;) {
        places.acquire();
        int const fd = ::accept4(listening.socket.get(), nullptr, nullptr, SOCK_CLOEXEC);
        try {
            std::thread([fd, &places] {
                {
                    UniqueFd const connection(fd);
                    if (connection) kodama::bench::echo_until_end(connection);
                }
                places.release();
            }).detach();
        } catch (std::system_error const&) {
            if (fd >= 0) ::close(fd);
            places.release();
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    return kodama::bench::run_peer("echo-blocking", argc, argv, serve);
}
