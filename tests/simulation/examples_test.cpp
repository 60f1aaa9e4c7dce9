// The example servers, on a simulated kernel, which cuts what clients say wherever it likes.
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include <examples/chargen.hpp>
#include <examples/chat.hpp>
#include <examples/discard.hpp>
#include <examples/http.hpp>
#include <examples/resp.hpp>
#include <kodama/simulation/explore.hpp>
#include <simulation/chat_dialogue.hpp>
#include <simulation/cyclic_dialogue.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama::simulation;
using kodama::testing::ChatDialogue;
using kodama::testing::CyclicDialogue;
using kodama::testing::scaled;

namespace {

std::string finding_of(Program const& program) {
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(1000)});
    return finding ? finding->what + "\n" + finding->script : std::string();
}

std::string finding_of(kodama::SessionHooks const& hooks, Dialogue const& dialogue) {
    return finding_of(Program{.hooks = &hooks, .dialogue = &dialogue});
}

// Whatever is said, nothing is answered.
struct Silence final : Dialogue {
    [[nodiscard]] std::uint64_t due(std::uint32_t /*connection*/,
                                    std::uint64_t /*said*/) const override {
        return 0;
    }
};

// RFC 864: lines of 72 characters, each a character further on. Nobody can say how many come.
struct Characters final : Dialogue {
    [[nodiscard]] std::byte answer(std::uint32_t /*connection*/,
                                   std::uint64_t offset) const override {
        std::uint64_t const line = offset / 74;
        std::uint64_t const column = offset % 74;
        if (column >= 72) return static_cast<std::byte>(column == 72 ? '\r' : '\n');
        return static_cast<std::byte>(' ' + (line + column) % 95);
    }
    [[nodiscard]] std::uint64_t due(std::uint32_t /*connection*/,
                                    std::uint64_t /*said*/) const override {
        return 0;
    }
    [[nodiscard]] std::uint64_t most(std::uint32_t /*connection*/,
                                     std::uint64_t /*said*/) const override {
        return std::numeric_limits<std::uint64_t>::max();
    }
};

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

TEST_CASE("simulated: the discard server reads everything and says nothing") {
    CHECK(finding_of(kodama::session_hooks<examples::Discard>, Silence()) == "");
}

TEST_CASE("simulated: the character generator sends its pattern as fast as it is read, no faster") {
    Characters const dialogue;
    CHECK(finding_of({.hooks = &kodama::session_hooks<examples::Chargen>,
                      .dialogue = &dialogue,
                      .answers_later = true,
                      .generates = true}) == "");
}

TEST_CASE("simulated: visitors of the chat room hear each other in order, and miss nothing") {
    ChatDialogue const dialogue;
    CHECK(finding_of({.hooks = &kodama::session_hooks<examples::Chat, examples::Room>,
                      .dialogue = &dialogue,
                      .answers_later = true,
                      .make_shared = [] {
                          return std::shared_ptr<void>(std::make_shared<examples::Room>());
                      }}) == "");
}
