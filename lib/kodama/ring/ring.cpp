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

} // namespace kodama
