// The example servers, on a simulated kernel, which cuts what clients say wherever it likes.
#include <optional>
#include <string>

#include <examples/http.hpp>
#include <examples/resp.hpp>
#include <kodama/simulation/explore.hpp>
#include <simulation/cyclic_dialogue.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama::simulation;
using kodama::testing::CyclicDialogue;
using kodama::testing::scaled;

namespace {

std::string finding_of(kodama::SessionHooks const& hooks, Dialogue const& dialogue) {
    Program const program{.hooks = &hooks, .dialogue = &dialogue};
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(1000)});
    return finding ? finding->what + "\n" + finding->script : std::string();
}

} // namespace

// No two connections of a run may disturb each other, so each only reads what none ever sets.
TEST_CASE("simulated: the RESP server answers requests however they are cut") {
    CyclicDialogue const dialogue({
        {"*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
        {"*2\r\n$4\r\nECHO\r\n$5\r\na\r\nbc\r\n", "$5\r\na\r\nbc\r\n"},
        {"ping\r\n", "+PONG\r\n"},
        {"\r\n", ""},
        {"*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n", "$-1\r\n"},
        {"*3\r\n$3\r\nset\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", "+OK\r\n"},
        {"*2\r\n$3\r\nDEL\r\n$4\r\nnone\r\n", ":0\r\n"},
        {"*1\r\n$4\r\nWHAT\r\n", "-ERR unknown command, or wrong arguments\r\n"},
        {"*0\r\n", ""},
    });
    CHECK(finding_of(kodama::session_hooks<examples::Resp>, dialogue) == "");
}

TEST_CASE("simulated: the HTTP server answers requests however they are cut") {
    CyclicDialogue const dialogue({
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\n"
         "Hello, world!\n"},
        {"GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nabc\r\n\r\ndefg",
         "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n"},
        {"HEAD / HTTP/1.1\r\nhost:a\r\nX: y\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\n"},
    });
    CHECK(finding_of(kodama::session_hooks<examples::Http>, dialogue) == "");
}
