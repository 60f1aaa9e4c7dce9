// The example of how to simulate a server of one's own.
#include <optional>

#include <examples/shout.hpp>
#include <examples/shout_dialogue.hpp>
#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>

using namespace kodama::simulation;
using kodama::testing::contains_text;

TEST_CASE("the simulator finds nothing wrong with the example that is right") {
    examples::ShoutDialogue const dialogue;
    Program const shout{.hooks = &kodama::session_hooks<examples::Shout>, .dialogue = &dialogue};
    std::optional<Finding> const finding = explore(shout, {.first_seed = 1, .runs = 1000});
    INFO((finding ? finding->what : ""));
    CHECK_FALSE(finding.has_value());
}

TEST_CASE("the simulator finds that the other example forgets who is half-closed") {
    examples::ShoutDialogue const dialogue;
    Program const forgetful{.hooks = &kodama::session_hooks<examples::ForgetfulShout>,
                            .dialogue = &dialogue};
    std::optional<Finding> const finding = explore(forgetful, {.first_seed = 1, .runs = 1000});
    REQUIRE(finding.has_value());
    CHECK_THAT(finding->what, contains_text("FIN"));
    // And what it found is found again.
    std::optional<Finding> const again = run_script(forgetful, finding->script);
    REQUIRE(again.has_value());
    CHECK_THAT(again->what, contains_text("sleeps for ever"));
}
