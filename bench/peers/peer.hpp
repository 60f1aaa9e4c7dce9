// What all peers share: the command line, the listening socket, the announcing line, how they end.
#pragma once

#include <kodama/base/address.hpp>
#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

// A listening socket whose connections inherit TCP_NODELAY.
struct Listening {
    UniqueFd socket;
    Address address;

    // Prints "listening on ADDRESS" for whoever waits for the peer to be ready.
    void announce() const;
};

// `serve` sets itself up, announces and never returns; SIGTERM and SIGINT end the process with exit
// code 0. A SetupError of the kind `unsupported` becomes exit code 77: this machine cannot run the
// peer, which is no fault of the peer.
int run_peer(char const* name, int argc, char** argv, void (*serve)(Listening const& listening));

// From here on, accept() and what else can wait does not. Throws SetupError.
void make_non_blocking(UniqueFd const& socket);

// Echoes with blocking calls until the peer's FIN, or until the connection fails.
void echo_until_end(UniqueFd const& connection);

} // namespace kodama::bench
