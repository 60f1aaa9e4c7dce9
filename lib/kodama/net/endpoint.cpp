#include <kodama/net/endpoint.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789.-_";
constexpr std::size_t name_length_max = 253; // RFC 1035, without the closing dot

struct Text {
    std::string_view option;
    std::string_view value;

    [[noreturn]] void reject(std::string const& why) const {
        throw OptionError(std::string(option) + ": " + quoted(value) + " " + why);
    }
};

constexpr char const* allowed = "give PORT, HOST:PORT, [V6]:PORT or *:PORT";

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::optional<std::uint64_t> const port = parse_unsigned(text);
    if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

bool is_ipv4(std::string_view text) {
    in_addr address{};
    return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

// With a scope or without: "::1", "fe80::1%eth0". Whether the scope exists is the resolver's to
// say.
bool is_ipv6(std::string_view text) {
    std::size_t const percent = text.find('%');
    if (percent != std::string_view::npos) {
        std::string_view const scope = text.substr(percent + 1);
        if (scope.empty() || scope.find_first_not_of(name_characters) != scope.npos) return false;
        text = text.substr(0, percent);
    }
    if (text.find('\0') != text.npos) return false; // inet_pton would stop there and be content.
    in6_addr address{};
    return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// What `text` lacks when it has several colons outside of brackets.
std::string advice_for_colons(std::string_view text) {
    std::size_t const colon = text.rfind(':');
    std::string const host(text.substr(0, colon));
    std::string const port(text.substr(colon + 1));
    if (is_ipv6(host) && parse_port(port)) {
        return "has an IPv6 address without brackets; write it as [" + host + "]:" + port;
    }
    return std::string("has too many colons; ") + allowed;
}

// The host of `text` when it is one that could be asked for; everything else is rejected here, so
// that a typing error does not become a question to a name server.
std::string_view checked_name(Text const& text, std::string_view host) {
    if (host.empty()) text.reject("has no host; for all addresses write *:PORT");
    if (host == "*") return host;
    if (host.find_first_not_of(name_characters) != host.npos || host.front() == '-') {
        text.reject(std::string("has a host that is neither name nor address; ") + allowed);
    }
    if (host.size() > name_length_max) text.reject("has a host of more than 253 characters");
    // "256.1.1.1" and "127.1" would be read by the C library as names or as addresses of a form
    // that nobody expects.
    bool const numeric = host.find_first_not_of(".0123456789") == host.npos;
    if (numeric && !is_ipv4(host)) {
        text.reject("has a host that is not an IPv4 address: four numbers from 0 to 255");
    }
    return host;
}

Endpoint with_port(Text const& text, std::string_view host, std::string_view port) {
    std::optional<std::uint16_t> const number = parse_port(port);
    if (!number) text.reject("has a port that is not a number from 0 to 65535");
    return {std::string(host), *number};
}

std::vector<Address> ask_resolver(std::string const& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    if (host.find(':') != host.npos) hints.ai_flags = AI_NUMERICHOST;
    addrinfo* first = nullptr;
    int const error = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    int const error_number = errno;
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(first, &::freeaddrinfo);
    std::vector<Address> addresses;
    if (error == 0) {
        for (addrinfo const* entry = first; entry != nullptr; entry = entry->ai_next) {
            sockaddr_storage storage{};
            std::memcpy(&storage, entry->ai_addr,
                        std::min<std::size_t>(entry->ai_addrlen, sizeof storage));
            Address const address = Address::from(storage).with_port(port);
            bool const known =
                std::find(addresses.begin(), addresses.end(), address) != addresses.end();
            if (address.family() != AddressFamily::unspecified && !known) {
                addresses.push_back(address);
            }
        }
    }
    if (addresses.empty()) {
        std::string const why = error == EAI_SYSTEM
                                    ? std::generic_category().message(error_number)
                                    : ::gai_strerror(error == 0 ? EAI_NONAME : error);
        throw SetupError(SetupError::Kind::refused,
                         "cannot find the address of " + quoted(host) + ": " + why +
                             "; give an address, or a name that this machine can resolve");
    }
    return addresses;
}

} // namespace

std::string Endpoint::to_string() const {
    std::string const number = std::to_string(port);
    return host.find(':') != host.npos ? "[" + host + "]:" + number : host + ":" + number;
}

Endpoint parse_endpoint(std::string_view option, std::string_view value) {
    Text const text{option, value};
    if (value.empty()) text.reject(std::string("is no endpoint; ") + allowed);
    if (value.find_first_not_of(digits) == value.npos) {
        return with_port(text, "localhost", value);
    }
    if (value.front() == '[') {
        std::size_t const bracket = value.find(']');
        if (bracket == value.npos) text.reject("has no closing bracket; write it as [V6]:PORT");
        std::string_view const host = value.substr(1, bracket - 1);
        std::string_view const rest = value.substr(bracket + 1);
        if (!is_ipv6(host)) text.reject("has no IPv6 address between the brackets");
        if (rest.empty() || rest.front() != ':') {
            text.reject("has no port after the bracket; write it as [V6]:PORT");
        }
        return with_port(text, host, rest.substr(1));
    }
    std::size_t const colon = value.find(':');
    if (colon == value.npos) text.reject(std::string("has no port; ") + allowed);
    if (value.find(':', colon + 1) != value.npos) text.reject(advice_for_colons(value));
    return with_port(text, checked_name(text, value.substr(0, colon)), value.substr(colon + 1));
}

std::vector<Address> resolve(Endpoint const& endpoint) {
    std::array<std::uint8_t, 16> const any6{};
    if (endpoint.host == "*") {
        return {Address::ipv4({0, 0, 0, 0}, endpoint.port), Address::ipv6(any6, endpoint.port)};
    }
    // Names are the same in capitals (RFC 4343).
    if (::strcasecmp(endpoint.host.c_str(), "localhost") == 0) {
        std::array<std::uint8_t, 16> loopback6{};
        loopback6.back() = 1;
        return {Address::ipv4({127, 0, 0, 1}, endpoint.port),
                Address::ipv6(loopback6, endpoint.port)};
    }
    return ask_resolver(endpoint.host, endpoint.port);
}

} // namespace kodama
