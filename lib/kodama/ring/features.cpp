#include <kodama/ring/features.hpp>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama {

namespace {

constexpr std::array<std::string_view, all_features.size()> feature_names{
    "defer-taskrun",     "registered-ring",    "no-iowait",   "multishot-accept",
    "multishot-receive", "direct-descriptors", "silent-sends"};

} // namespace

std::string_view name_of(Feature feature) noexcept {
    return feature_names[static_cast<std::size_t>(feature)];
}

std::optional<Feature> feature_named(std::string_view name) noexcept {
    for (Feature const feature : all_features) {
        if (name_of(feature) == name) return feature;
    }
    return std::nullopt;
}

std::string FeatureSet::to_string() const {
    std::string text;
    for (Feature const feature : all_features) {
        if (!has(feature)) continue;
        if (!text.empty()) text += ',';
        text += name_of(feature);
    }
    return text.empty() ? "none" : text;
}

FeatureSet parse_features(std::string_view option, std::string_view text) {
    FeatureSet set;
    while (!text.empty()) {
        std::size_t const comma = text.find(',');
        std::string_view const name = text.substr(0, comma);
        std::optional<Feature> const feature = feature_named(name);
        if (!feature) {
            throw OptionError(std::string(option) + ": " + quoted(name) +
                              " is no feature; known are " + FeatureSet::all().to_string());
        }
        set.add(*feature);
        text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    }
    return set;
}

} // namespace kodama
