#include <kodama/net/listening_socket.hpp>

#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <kodama/base/assert.hpp>
#include <kodama/base/error.hpp>

namespace kodama {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds retry_interval{10};

// How often to pick another free port when the one picked is taken in the other family.
constexpr int port_tries_max = 64;

// A socket, or the error number that says why there is none.
struct Outcome {
    UniqueFd socket;
    int error_number = 0;
};

bool set_option(UniqueFd const& socket, int level, int option, int value = 1) noexcept {
    return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

// Accepted sockets inherit TCP_NODELAY and TCP_USER_TIMEOUT, which saves calls for each of them;
// and the latter needs no timer of ours to watch what the peer acknowledges. Without IPV6_V6ONLY
// [::] would take the port of 0.0.0.0 as well. SO_REUSEADDR lets the server restart while
// connections of its predecessor are in TIME_WAIT.
bool set_options(UniqueFd const& socket, Address const& address,
                 ListenOptions const& options) noexcept {
    auto const send_timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(options.send_timeout).count();
    return set_option(socket, SOL_SOCKET, SO_REUSEADDR) &&
           set_option(socket, IPPROTO_TCP, TCP_NODELAY) &&
           set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(send_timeout)) &&
           (address.family() != AddressFamily::ipv6 ||
            set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY));
}

bool share_port(UniqueFd const& socket) noexcept {
    return set_option(socket, SOL_SOCKET, SO_REUSEPORT);
}

enum class Sharing { alone, with_other_workers };

Outcome listen_once(Address const& address, Sharing sharing,
                    ListenOptions const& options) noexcept {
    sockaddr_storage storage{};
    socklen_t const length = address.to(storage);
    int const family = address.family() == AddressFamily::ipv6 ? AF_INET6 : AF_INET;
    UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    bool const done = socket && set_options(socket, address, options) &&
                      (sharing == Sharing::alone || share_port(socket)) &&
                      ::bind(socket.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0 &&
                      ::listen(socket.get(), static_cast<int>(options.backlog)) == 0;
    if (!done) return {.socket = {}, .error_number = errno};
    return {.socket = std::move(socket), .error_number = 0};
}

// Nothing tells when the port becomes free, so it is tried again and again.
Outcome listen_patiently(Address const& address, ListenOptions const& options,
                         Clock::time_point deadline) {
    for (;;) {
        Outcome outcome = listen_once(address, Sharing::alone, options);
        if (outcome.error_number != EADDRINUSE || Clock::now() >= deadline) return outcome;
        std::this_thread::sleep_for(retry_interval);
    }
}

bool machine_lacks_address(int error_number) noexcept {
    return error_number == EADDRNOTAVAIL || error_number == EAFNOSUPPORT;
}

std::string remedy_for(int error_number) {
    switch (error_number) {
    case EADDRINUSE:
        return "; stop the program that has the port, or choose another with --listen";
    case EACCES:
        return "; choose a port from net.ipv4.ip_unprivileged_port_start on (usually 1024), or run "
               "with CAP_NET_BIND_SERVICE";
    case EMFILE:
        return "; raise the limit of descriptors (ulimit -n), or lower --workers";
    case ENFILE:
        return "; raise the system's limit of descriptors (fs.file-max)";
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return "; this machine does not have that address, choose another with --listen";
    default:
        return "";
    }
}

[[noreturn]] void refuse(std::string const& where, int error_number) {
    throw SetupError(SetupError::Kind::refused,
                     describe_error("cannot listen on " + where, error_number) +
                         remedy_for(error_number));
}

Address bound_address(UniqueFd const& socket, Address const& wanted) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
        refuse(wanted.to_string(), errno);
    }
    return Address::from(storage);
}

// The first socket takes the port without SO_REUSEPORT, so it is refused when anybody listens
// there, with SO_REUSEPORT or without; and of two servers that start at the same time, listen()
// refuses one. Given the option afterwards, it lets the others in. A probe that is closed before
// the real sockets are bound would leave a moment in which two servers both find the port free, and
// would reset the clients that connect to it. What remains: a program of the same user that asks
// for SO_REUSEPORT, and does not look first, can join later.
ListeningSockets share_among_workers(Address const& wanted, UniqueFd first,
                                     std::size_t worker_count, ListenOptions const& options) {
    ListeningSockets result{.address = bound_address(first, wanted), .sockets = {}};
    if (!share_port(first)) refuse(result.address.to_string(), errno);
    result.sockets.reserve(worker_count);
    result.sockets.push_back(std::move(first));
    while (result.sockets.size() < worker_count) {
        Outcome outcome = listen_once(result.address, Sharing::with_other_workers, options);
        if (outcome.error_number != 0) refuse(result.address.to_string(), outcome.error_number);
        result.sockets.push_back(std::move(outcome.socket));
    }
    return result;
}

struct Request {
    std::vector<Address> addresses;
    std::size_t worker_count;
    ListenOptions options;
    Clock::time_point deadline;
};

// Nothing when a port was picked that is not free on all addresses.
std::optional<std::vector<ListeningSockets>> listen_on_all(Request const& request) {
    std::vector<ListeningSockets> result;
    int lacking = EADDRNOTAVAIL;
    for (Address const& listed : request.addresses) {
        bool const picked = listed.port() == 0 && !result.empty();
        Address const address = picked ? listed.with_port(result.front().address.port()) : listed;
        Outcome first = picked ? listen_once(address, Sharing::alone, request.options)
                               : listen_patiently(address, request.options, request.deadline);
        if (picked && first.error_number == EADDRINUSE) return std::nullopt;
        if (machine_lacks_address(first.error_number)) {
            lacking = first.error_number;
            continue;
        }
        if (first.error_number != 0) refuse(address.to_string(), first.error_number);
        result.push_back(share_among_workers(address, std::move(first.socket), request.worker_count,
                                             request.options));
    }
    if (result.empty()) refuse(request.addresses.front().to_string(), lacking);
    return result;
}

} // namespace

std::vector<ListeningSockets> listen_on(Endpoint const& endpoint, std::size_t worker_count,
                                        ListenOptions const& options,
                                        std::chrono::nanoseconds patience) {
    KODAMA_ASSERT(worker_count > 0);
    Request const request{.addresses = resolve(endpoint),
                          .worker_count = worker_count,
                          .options = options,
                          .deadline = Clock::now() + patience};
    for (int tries = 0; tries < port_tries_max; ++tries) {
        if (auto result = listen_on_all(request)) return std::move(*result);
    }
    throw SetupError(SetupError::Kind::refused,
                     "cannot listen on " + endpoint.to_string() +
                         ": no port was found that is free on all its addresses; choose one with "
                         "--listen");
}

} // namespace kodama
