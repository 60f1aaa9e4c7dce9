#include <kodama/base/address.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace kodama {

namespace {

template <class Number> bool parse_all(std::string_view text, Number& number) noexcept {
    char const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

} // namespace

Address Address::ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept {
    Address address;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    address.port_ = port;
    address.family_ = AddressFamily::ipv4;
    return address;
}

Address Address::ipv6(std::array<std::uint8_t, 16> const& bytes, std::uint16_t port,
                      std::uint32_t scope) noexcept {
    Address address;
    address.bytes_ = bytes;
    address.scope_ = scope;
    address.port_ = port;
    address.family_ = AddressFamily::ipv6;
    return address;
}

Address Address::from(sockaddr_storage const& storage) noexcept {
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
        return ipv4(bytes, ntohs(in.sin_port));
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &storage, sizeof in);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
        return ipv6(bytes, ntohs(in.sin6_port), in.sin6_scope_id);
    }
    return {};
}

Address Address::parse(std::string_view text) noexcept {
    bool const v6 = text.starts_with('[');
    std::size_t const colon = text.rfind(v6 ? "]:" : ":");
    if (colon == std::string_view::npos) return {};
    std::uint16_t port = 0;
    if (!parse_all(text.substr(colon + (v6 ? 2 : 1)), port)) return {};
    std::string_view host = text.substr(v6 ? 1 : 0, colon - (v6 ? 1 : 0));
    std::uint32_t scope = 0;
    if (std::size_t const percent = host.find('%'); v6 && percent != std::string_view::npos) {
        if (!parse_all(host.substr(percent + 1), scope)) return {};
        host = host.substr(0, percent);
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (host.size() >= terminated.size()) return {};
    std::copy(host.begin(), host.end(), terminated.begin());
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, terminated.data(), bytes.data()) != 1) return {};
    if (v6) return ipv6(bytes, port, scope);
    return ipv4({bytes[0], bytes[1], bytes[2], bytes[3]}, port);
}

std::uint32_t Address::to(sockaddr_storage& storage) const noexcept {
    storage = {};
    if (family_ == AddressFamily::ipv4) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port_);
        std::memcpy(&in.sin_addr, bytes_.data(), sizeof in.sin_addr);
        std::memcpy(&storage, &in, sizeof in);
        return sizeof in;
    }
    if (family_ == AddressFamily::ipv6) {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port_);
        in.sin6_scope_id = scope_;
        std::memcpy(&in.sin6_addr, bytes_.data(), sizeof in.sin6_addr);
        std::memcpy(&storage, &in, sizeof in);
        return sizeof in;
    }
    return 0;
}

Address Address::with_port(std::uint16_t port) const noexcept {
    Address address = *this;
    address.port_ = port;
    return address;
}

std::string Address::to_string() const {
    if (family_ == AddressFamily::unspecified) return "unknown";
    bool const v6 = family_ == AddressFamily::ipv6;
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
    std::string const scope = scope_ != 0 ? "%" + std::to_string(scope_) : "";
    std::string const host = v6 ? "[" + std::string(text.data()) + scope + "]" : text.data();
    return host + ":" + std::to_string(port_);
}

} // namespace kodama
