// Where the server is that is tried or measured.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/base/address.hpp>

namespace kodama::bench {

// The addresses that HOST:PORT means, in the order in which to try them. Throws OptionError when
// the text is no such thing, and SetupError when the host has no address.
[[nodiscard]] std::vector<Address> resolve_target(std::string_view text);

// Throws OptionError as above, but asks no resolver.
void check_target(std::string_view text);

// Whether it lies in 127.0.0.0/8, every address of which is this machine's own.
[[nodiscard]] bool is_ipv4_loopback(Address const& address);

// The address number `index` of 127.0.0.0/8 to connect from, from 127.0.0.1 on, without a port.
// There are `source_addresses_max`.
inline constexpr std::uint32_t source_addresses_max = 65536;
[[nodiscard]] Address source_address(std::uint32_t index);

} // namespace kodama::bench
