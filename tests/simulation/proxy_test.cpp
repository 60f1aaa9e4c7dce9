// The proxy on a simulated kernel, between clients and upstream servers that misbehave.
#include <optional>
#include <string>

#include <examples/proxy_program.hpp>
#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama::simulation;
using kodama::testing::scaled;

TEST_CASE("simulated: a proxy carries both directions, whatever either side does") {
    std::optional<Finding> const finding =
        explore(examples::proxy_program(), {.first_seed = 1, .runs = scaled(3000)});
    INFO((finding ? finding->what + "\n" + finding->script : ""));
    CHECK_FALSE(finding.has_value());
}
