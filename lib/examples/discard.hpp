// The discard protocol (RFC 863).
#pragma once

#include <kodama/kodama.hpp>

namespace examples {

// Reads and forgets.
struct Discard {
    // The buffer goes back to the worker when it ends, which is here.
    void on_receive(kodama::Connection& /*connection*/, kodama::Buffer /*buffer*/) {}
};

} // namespace examples
