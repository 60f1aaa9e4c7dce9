// The least that a server in user space can do for one connection, and the soonest: it asks the
// socket for bytes again and again, never sleeps, and sends back what there is. One connection at a
// time, no limits, no errors but the end: something to measure against, not to use.
#include <cerrno>
#include <cstdio>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

int main() {
    int const listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    if (::bind(listener, any, length) != 0 || ::listen(listener, 16) != 0) return 1;
    ::getsockname(listener, any, &length);
    std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    static char buffer[1 << 17];
    for (;;) {
        int const connection = ::accept(listener, nullptr, nullptr);
        int const on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        for (;;) {
            ssize_t const size = ::recv(connection, buffer, sizeof buffer, MSG_DONTWAIT);
            if (size < 0 && errno == EAGAIN) continue;
            if (size <= 0) break;
            ::send(connection, buffer, static_cast<size_t>(size), MSG_NOSIGNAL);
        }
        ::close(connection);
    }
}
