#include <kodama/ring/features.hpp>

#include <set>
#include <string>
#include <string_view>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>

using namespace std::string_view_literals;
using kodama::Feature;
using kodama::FeatureSet;
using kodama::parse_features;
using kodama::testing::contains_text;

namespace {

std::string rejection(std::string_view text) {
    try {
        static_cast<void>(parse_features("--disable", text));
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("each feature has a name of its own, by which it is found") {
    std::set<std::string_view> names;
    for (Feature const feature : kodama::all_features) {
        CHECK(names.insert(kodama::name_of(feature)).second);
        CHECK(kodama::feature_named(kodama::name_of(feature)) == feature);
    }
    CHECK_FALSE(kodama::feature_named("").has_value());
    CHECK_FALSE(kodama::feature_named("DEFER-TASKRUN").has_value());
    CHECK_FALSE(kodama::feature_named("defer-taskru").has_value());
}

TEST_CASE("the list of all features has each of them once, in the order of the enumeration") {
    for (std::size_t i = 0; i < kodama::all_features.size(); ++i) {
        CHECK(static_cast<std::size_t>(kodama::all_features[i]) == i);
    }
}

TEST_CASE("a set of features holds what was added and not removed") {
    FeatureSet set;
    CHECK(set.empty());
    set.add(Feature::no_iowait);
    set.add(Feature::no_iowait);
    set.add(Feature::multishot_accept);
    CHECK(set.has(Feature::no_iowait));
    CHECK_FALSE(set.has(Feature::defer_taskrun));
    set.remove(Feature::no_iowait);
    CHECK_FALSE(set.has(Feature::no_iowait));
    CHECK_FALSE(set.empty());
    FeatureSet rest = FeatureSet::all();
    rest.remove(set);
    CHECK_FALSE(rest.has(Feature::multishot_accept));
    rest.add(set);
    CHECK(rest == FeatureSet::all());
}

TEST_CASE("a set of features prints as a list that reads back the same") {
    CHECK(FeatureSet().to_string() == "none");
    CHECK(parse_features("--disable", "no-iowait,defer-taskrun").to_string() ==
          "defer-taskrun,no-iowait");
    CHECK(parse_features("--disable", FeatureSet::all().to_string()) == FeatureSet::all());
}

TEST_CASE("an empty list of features is the empty set") {
    CHECK(parse_features("--disable", "").empty());
}

TEST_CASE("an unknown feature is refused with the option, its name and the known ones") {
    CHECK_THAT(rejection("warp-drive"), contains_text("--disable: 'warp-drive' is no feature"));
    CHECK_THAT(rejection("warp-drive"), contains_text("direct-descriptors"));
    std::string_view const text =
        GENERATE(","sv, ",no-iowait"sv, "no-iowait,,no-iowait"sv, "no-iowait, defer-taskrun"sv,
                 "no_iowait"sv, "none"sv, "no-iowait no-iowait"sv);
    CAPTURE(text);
    CHECK_THAT(rejection(text), contains_text("is no feature"));
}
