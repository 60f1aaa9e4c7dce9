// Where to listen, as people write it, and the addresses that this means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/base/address.hpp>

namespace kodama {

// A host with a port; one host may have several addresses.
struct Endpoint {
    std::string host;       // a name, an IPv4 address, an IPv6 address without brackets, or "*"
    std::uint16_t port = 0; // 0: whichever is free

    // "localhost:8888", "[::1]:8888", "*:0".
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(Endpoint const&, Endpoint const&) = default;
};

// Reads `PORT` (the host is then localhost), `HOST:PORT`, `[V6]:PORT` or `*:PORT`. Asks no
// resolver. Throws OptionError that names `option`, the text and what is allowed.
[[nodiscard]] Endpoint parse_endpoint(std::string_view option, std::string_view text);

// The addresses of the endpoint, each once, with its port; never empty. "localhost" is 127.0.0.1
// and ::1 without asking the resolver, which may know only one of them; "*" is 0.0.0.0 and [::].
// Throws SetupError when the host has no address; may block for as long as the resolver does.
[[nodiscard]] std::vector<Address> resolve(Endpoint const& endpoint);

} // namespace kodama
