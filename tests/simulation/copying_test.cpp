// A session that answers with copies, which may be refused for lack of memory.
#include <cstdint>
#include <optional>
#include <string>

#include <kodama/server/session.hpp>
#include <kodama/simulation/dialogue.hpp>
#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama;
using namespace kodama::simulation;
using kodama::testing::contains_text;
using kodama::testing::scaled;

namespace {

struct CopyingEcho {
    std::string refused; // what is still to be sent, in order
    bool peer_finished = false;

    void on_receive(Connection& connection, Buffer buffer) {
        refused += buffer.text();
        send(connection);
    }

    void on_writable(Connection& connection) { send(connection); }

    void on_peer_finished(Connection& connection) {
        peer_finished = true;
        send(connection);
    }

    void send(Connection& connection) {
        if (!refused.empty() && connection.send_copy(refused)) refused.clear();
        if (refused.empty() && peer_finished) connection.finish();
    }
};

} // namespace

// Whether they lose bytes is not the question: a drain gives nobody time who has yet to be asked.
TEST_CASE("Who was refused for lack of memory is not asked for ever in one turn") {
    Dialogue const echo;
    Program const program{.hooks = &session_hooks<CopyingEcho>, .dialogue = &echo};
    for (std::uint64_t seed = 1; seed <= scaled(1500); ++seed) {
        std::optional<Finding> const finding =
            explore(program, {.first_seed = seed, .runs = 1, .shrink = false});
        if (!finding) continue;
        INFO(finding->what << " (seed " << seed << ")");
        REQUIRE_THAT(finding->what, contains_text("bytes of answer"));
    }
}
