// The proxy, for the simulator.
#pragma once

#include <memory>

#include <kodama/simulation/program.hpp>

#include "proxy.hpp"

namespace examples {

// Clients that talk to an echo server through a proxy: they have to hear what they say.
inline kodama::simulation::Program proxy_program() {
    // Whatever the address is, the simulator's upstream servers are there.
    struct Upstream {
        kodama::Address address = kodama::Address::ipv4({10, 1, 0, 1}, 80);
    };
    struct Session : Proxy {
        explicit Session(Upstream const& upstream) noexcept : Proxy(upstream.address) {}
    };
    static kodama::simulation::Dialogue const echo;
    return {.hooks = &kodama::session_hooks<Session, Upstream const>,
            .dialogue = &echo,
            .answers_later = true, // an answer takes the way there and back
            .relays = true,
            .make_shared = [] { return std::shared_ptr<void>(std::make_shared<Upstream>()); }};
}

} // namespace examples
