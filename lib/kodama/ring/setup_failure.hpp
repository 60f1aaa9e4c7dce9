// Why io_uring cannot be used here, and what to do about it.
#pragma once

#include <kodama/base/error.hpp>

namespace kodama {

// For a positive error number of io_uring_setup. One line: what failed, why, and the remedy, with
// the figures of this machine in it.
[[nodiscard]] SetupError ring_setup_failure(int error);

// The same for a feature that the server cannot do without.
[[nodiscard]] SetupError missing_feature(std::string const& what, int error);

} // namespace kodama
