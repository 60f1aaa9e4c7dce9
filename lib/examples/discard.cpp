// The discard protocol (RFC 863): `discard [ENDPOINT [WORKERS]]` reads and forgets.
#include "serve.hpp"

namespace {

struct Discard {
    // The buffer goes back to the worker when it ends, which is here.
    void on_receive(kodama::Connection& /*connection*/, kodama::Buffer /*buffer*/) {}
};

} // namespace

int main(int argc, char** argv) { return examples::serve<Discard>(argc, argv, "localhost:9"); }
