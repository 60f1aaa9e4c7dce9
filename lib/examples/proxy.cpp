// `proxy LISTEN UPSTREAM [WORKERS]`: `proxy localhost:8080 127.0.0.1:80`, then
// `curl http://localhost:8080`.
#include <cstdio>
#include <cstdlib>

#include "proxy.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
    kodama::Address const upstream = kodama::Address::parse(argc > 2 ? argv[2] : "");
    if (upstream.family() == kodama::AddressFamily::unspecified) {
        std::fprintf(stderr, "usage: %s LISTEN UPSTREAM [WORKERS]; UPSTREAM is like 127.0.0.1:80\n",
                     argv[0]);
        return EXIT_FAILURE;
    }
    // What is left are the arguments of every example.
    argv[2] = argv[1];
    argv[1] = argv[0];
    return examples::serve<examples::Proxy>(argc - 1, argv + 1, "localhost:8080",
                                            {.max_outgoing = 16384}, upstream);
}
