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

TEST_CASE("simulated: a run of more than 200,000 turns is long, and not endless") {
    // Some ten thousand bytes, each by itself, through one receive buffer.
    std::string const script = "run features[0] = 10\n"
                               "run slots[0] = 2\n"
                               "run buffers[0] = 1\n"
                               "run buffer_size[0] = 4\n"
                               "run peers[0] = 4\n"
                               "run peers[1] = 1\n"
                               "run behaviour[0] = 3\n"
                               "run wake_early[1] = 1\n"
                               "run wake_early[2] = 1\n"
                               "peer 1 rounds[0] = 1\n"
                               "peer 1 amount[2] = 5\n"
                               "peer 1 amount[3] = 19325\n"
                               "peer 2 rounds[0] = 1\n"
                               "peer 2 amount[0] = 5\n"
                               "peer 2 amount[1] = 18789\n"
                               "peer 3 rounds[0] = 1\n"
                               "peer 5 rounds[0] = 3\n"
                               "peer 5 amount[4] = 4\n"
                               "peer 5 amount[5] = 2337\n";
    std::optional<Finding> const finding = run_script(examples::proxy_program(), script);
    INFO((finding ? finding->what : ""));
    CHECK_FALSE(finding.has_value());
}
