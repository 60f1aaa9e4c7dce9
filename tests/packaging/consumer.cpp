// What somebody who installed kodama writes first: a server, and here its client too, so that it
// can be run. Exit code 77 where there is no io_uring.
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include <kodama/kodama.hpp>

namespace {

struct Echo {
    void on_receive(kodama::Connection& connection, kodama::Buffer buffer) {
        connection.send(std::move(buffer));
    }
};

// Whether what is said comes back.
bool echoes(kodama::Address const& address) {
    constexpr std::string_view said = "who calls there";
    sockaddr_storage storage{};
    socklen_t const length = address.to(storage);
    int const client = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char heard[said.size()] = {};
    bool const good =
        ::connect(client, reinterpret_cast<sockaddr const*>(&storage), length) == 0 &&
        ::send(client, said.data(), said.size(), 0) == static_cast<ssize_t>(said.size()) &&
        ::recv(client, heard, sizeof heard, MSG_WAITALL) == static_cast<ssize_t>(said.size());
    ::close(client);
    return good && std::memcmp(heard, said.data(), said.size()) == 0;
}

} // namespace

int main() {
    try {
        kodama::Server<Echo> server{{.listen = {"127.0.0.1:0"}, .workers = 1}};
        bool const good = echoes(server.endpoints().front());
        server.drain(std::chrono::seconds(5));
        std::puts(kodama::stats_json(server).c_str());
        return good ? 0 : 1;
    } catch (kodama::SetupError const& error) { // thrown in the library, caught here
        std::puts(error.what());
        return error.kind() == kodama::SetupError::Kind::unsupported ? 77 : 1;
    }
}
