#include <bench/peers/peer.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/net/endpoint.hpp>
#include <kodama/net/listening_socket.hpp>
#include <kodama/server/descriptor_limit.hpp>

namespace kodama::bench {

namespace {

constexpr int exit_skipped = 77;
constexpr std::string_view default_endpoint = "127.0.0.1:8888";
constexpr std::uint32_t backlog = 4096;
// On the thread's stack, of which the kernel gives only what is written to.
constexpr std::size_t blocking_buffer_size = 64 * 1024;

extern "C" void end_process(int /*signal*/) { _exit(EXIT_SUCCESS); }

void say(std::string const& line) { std::fputs((line + "\n").c_str(), stderr); }

bool send_all(UniqueFd const& connection, std::byte const* bytes, std::size_t size) {
    while (size > 0) {
        ssize_t const sent = ::send(connection.get(), bytes, size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        bytes += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

std::string_view listen_option(int argc, char** argv) {
    std::string_view result = default_endpoint;
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        if (argument == "--listen") {
            if (++i == argc) throw OptionError("--listen: needs a value");
            result = argv[i];
        } else if (argument.starts_with("--listen=")) {
            result = argument.substr(std::string_view("--listen=").size());
        } else {
            throw OptionError(quoted(argument) + " is not an option; there is --listen HOST:PORT");
        }
    }
    return result;
}

// One thread of the peer serves one socket, so of several addresses the first is taken.
Listening listen_at(std::string_view text) {
    auto all = listen_on(parse_endpoint("--listen", text), 1, {.backlog = backlog});
    return {.socket = std::move(all.front().sockets.front()), .address = all.front().address};
}

} // namespace

void Listening::announce() const {
    std::printf("listening on %s\n", address.to_string().c_str());
    std::fflush(stdout);
}

void make_non_blocking(UniqueFd const& socket) {
    int const flags = ::fcntl(socket.get(), F_GETFL);
    if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
        throw SetupError(SetupError::Kind::refused, describe_error("fcntl", errno));
    }
}

void echo_until_end(UniqueFd const& connection) {
    std::byte buffer[blocking_buffer_size];
    for (;;) {
        ssize_t const received = ::recv(connection.get(), buffer, sizeof buffer, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return;
        if (!send_all(connection, buffer, static_cast<std::size_t>(received))) return;
    }
}

int run_peer(char const* name, int argc, char** argv, void (*serve)(Listening const& listening)) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, end_process);
    std::signal(SIGINT, end_process);
    raise_descriptor_limit();
    std::string const prefix = std::string(name) + ": ";
    try {
        serve(listen_at(listen_option(argc, argv)));
    } catch (OptionError const& error) {
        say(prefix + error.what());
        return EX_USAGE;
    } catch (SetupError const& error) {
        say(prefix + error.what());
        return error.kind() == SetupError::Kind::unsupported ? exit_skipped : EX_OSERR;
    } catch (std::exception const& error) {
        say(prefix + error.what());
        return EX_OSERR;
    }
    return EXIT_SUCCESS;
}

} // namespace kodama::bench
