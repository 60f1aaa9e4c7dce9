// What the main() of every example server does.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <kodama/kodama.hpp>

namespace examples {

// `PROGRAM [ENDPOINT [WORKERS]]`: prints what it listens on, and serves until SIGINT or SIGTERM.
// `shared`: the object that all sessions share, if any.
template <class S, class... Shared>
int serve(int argc, char** argv, std::string const& endpoint, kodama::Options options = {},
          Shared&... shared) {
    try {
        options.listen = {argc > 1 ? argv[1] : endpoint};
        options.workers = static_cast<std::uint32_t>(argc > 2 ? std::stoul(argv[2]) : 1);
        kodama::Server<S> server{options, shared...};
        for (kodama::Address const& address : server.endpoints())
            std::printf("listening on %s\n", address.to_string().c_str());
        std::fflush(stdout);
        server.run_until_signal();
        return EXIT_SUCCESS;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return EXIT_FAILURE;
    }
}

// For answers that may be longer than their questions: a client that asks for more and more and
// does not read what it gets is reset when there is no room for answers any more.
template <class Bytes> void say(kodama::Connection& connection, Bytes const& bytes) {
    if (!connection.send_copy(bytes)) connection.abort();
}

} // namespace examples
