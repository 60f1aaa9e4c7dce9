#include <kodama/ring/ring.hpp>

#include <cerrno>
#include <string>

#include <kodama/base/error.hpp>
#include <kodama/ring/setup_failure.hpp>

namespace kodama {

void Ring::require_direct_descriptors(unsigned count) {
    int const result = register_direct_descriptors(count);
    if (result >= 0) return;
    if (result == -ENOMEM) throw ring_setup_failure(ENOMEM);
    throw SetupError(
        SetupError::Kind::refused,
        describe_error("cannot have " + std::to_string(count) + " direct descriptors", -result) +
            "; raise the limit of descriptors (ulimit -n, LimitNOFILE=), or lower "
            "max_connections");
}

void Ring::require_accept_range(unsigned count) {
    int const result = register_accept_range(count);
    if (result >= 0) return;
    throw SetupError(
        SetupError::Kind::refused,
        describe_error("cannot keep direct descriptors for outgoing connections", -result) +
            "; disable direct-descriptors, or set max_outgoing to 0");
}

} // namespace kodama
