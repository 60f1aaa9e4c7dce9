// Options, checked once.
#pragma once

#include <kodama/ring/features.hpp>
#include <kodama/server/options.hpp>

namespace kodama {

// Throws OptionError for the first value out of range: its message names option, value and range.
void validate(Options const& options);

// What options and environment (KODAMA_DISABLE) say not to use. Throws OptionError.
[[nodiscard]] FeatureSet disabled_features(Options const& options);

} // namespace kodama
