// What this kernel can do, found by trying.
#pragma once

#include <array>
#include <string>

#include <kodama/base/export.hpp>
#include <kodama/ring/features.hpp>

namespace kodama {

// Tried once at start, on small rings and sockets that exist only for that; never concluded from a
// version.
struct Capabilities {
    FeatureSet usable; // what was tried and worked, less what was disabled
    // For each feature that is not: why, in a few words ("disabled", "setup flag refused
    // (EINVAL)").
    std::array<std::string, all_features.size()> why_not;
};

// Throws SetupError when the server cannot do without what is missing. The calling thread
// makes no ring.
[[nodiscard]] KODAMA_EXPORT Capabilities probe_capabilities(FeatureSet disabled);

} // namespace kodama
