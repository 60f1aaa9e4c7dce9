#include <bench/harness/target.hpp>

#include <array>

#include <netinet/in.h>
#include <sys/socket.h>

#include <kodama/base/assert.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/net/endpoint.hpp>

namespace kodama::bench {

namespace {

Endpoint parse(std::string_view text) {
    Endpoint endpoint = parse_endpoint("TARGET", text);
    if (endpoint.port == 0 || endpoint.host == "*") {
        throw OptionError("TARGET: " + quoted(text) + " cannot be connected to");
    }
    return endpoint;
}

} // namespace

std::vector<Address> resolve_target(std::string_view text) { return resolve(parse(text)); }

void check_target(std::string_view text) { static_cast<void>(parse(text)); }

bool is_ipv4_loopback(Address const& address) {
    sockaddr_storage storage{};
    if (address.family() != AddressFamily::ipv4) return false;
    static_cast<void>(address.to(storage));
    auto const& ipv4 = reinterpret_cast<sockaddr_in const&>(storage);
    return ntohl(ipv4.sin_addr.s_addr) >> 24 == 127;
}

Address source_address(std::uint32_t index) {
    KODAMA_ASSERT(index < source_addresses_max);
    std::uint32_t const host = index + 1;
    return Address::ipv4({127, static_cast<std::uint8_t>(host >> 16),
                          static_cast<std::uint8_t>(host >> 8), static_cast<std::uint8_t>(host)},
                         0);
}

} // namespace kodama::bench
