// An IP address with a port: what a socket is bound or connected to.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <kodama/base/export.hpp>

struct sockaddr;
struct sockaddr_storage;

namespace kodama {

// Which kind of address it is; unspecified is none.
enum class AddressFamily : std::uint8_t { unspecified, ipv4, ipv6 };

// A plain value. Unspecified when nobody knows the address, as for a peer that has gone.
class KODAMA_EXPORT Address {
public:
    constexpr Address() noexcept = default;

    // `bytes` in the order in which they are written: {127, 0, 0, 1}.
    [[nodiscard]] static Address ipv4(std::array<std::uint8_t, 4> bytes,
                                      std::uint16_t port) noexcept;
    // `scope` is the interface index of a link-local address (RFC 4007), 0 otherwise.
    [[nodiscard]] static Address ipv6(std::array<std::uint8_t, 16> const& bytes, std::uint16_t port,
                                      std::uint32_t scope = 0) noexcept;
    // Of "127.0.0.1:8888", "[::1]:8888" or "[fe80::1%2]:8888": what to_string() makes. Unspecified
    // for anything else; names are not looked up.
    [[nodiscard]] static Address parse(std::string_view text) noexcept;
    // Unspecified for families other than AF_INET and AF_INET6.
    [[nodiscard]] static Address from(sockaddr_storage const& storage) noexcept;

    // Fills `storage` and returns its length, 0 for an unspecified address.
    [[nodiscard]] std::uint32_t to(sockaddr_storage& storage) const noexcept;

    // Which kind it is.
    [[nodiscard]] AddressFamily family() const noexcept { return family_; }
    // In host order.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    // The same address with another port.
    [[nodiscard]] Address with_port(std::uint16_t port) const noexcept;

    // "127.0.0.1:8888", "[::1]:8888", "[fe80::1%2]:8888", or "unknown".
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(Address const&, Address const&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{}; // network order; IPv4 uses the first four
    std::uint32_t scope_ = 0;
    std::uint16_t port_ = 0; // host order
    AddressFamily family_ = AddressFamily::unspecified;
};

} // namespace kodama
