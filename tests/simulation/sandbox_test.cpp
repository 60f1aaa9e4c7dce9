// Servers that are wrong, and what is found about them.
#include <kodama/simulation/explore.hpp>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <kodama/base/assert.hpp>
#include <kodama/server/session.hpp>
#include <kodama/simulation/sandbox.hpp>
#include <kodama/simulation/shrink.hpp>
#include <support/catch.hpp>

#include "scenario.hpp"

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

constexpr std::size_t small = 6; // decisions of a script that was made small

// Gives up at the eleventh byte.
struct Crashing {
    std::size_t received = 0;

    void on_receive(Connection& connection, Buffer buffer) {
        received += buffer.size();
        if (received > 10) std::abort();
        connection.send(std::move(buffer));
    }
};

// Believes that a message comes in one piece of at most 20 bytes.
struct Asserting {
    void on_receive(Connection& connection, Buffer buffer) {
        KODAMA_ASSERT(buffer.size() <= 20);
        connection.send(std::move(buffer));
    }
};

// Forgets the last byte of what it receives, if that is three bytes long.
struct Forgetful {
    void on_receive(Connection& connection, Buffer buffer) {
        if (buffer.size() == 3) buffer.keep_prefix(2);
        connection.send(std::move(buffer));
    }
};

// Answers its first message twice.
struct Repeating {
    bool repeated = false;

    void on_receive(Connection& connection, Buffer buffer) {
        if (!std::exchange(repeated, true)) connection.send_copy(buffer.text());
        connection.send(std::move(buffer));
    }
};

// Keeps a buffer for good, so that others wait for it.
struct Keeping {
    Buffer kept;

    void on_receive(Connection& connection, Buffer buffer) {
        connection.send_copy(buffer.text());
        kept = std::move(buffer);
    }
};

template <class S> Program program_of() {
    static Dialogue const echo;
    return {.hooks = &session_hooks<S>, .dialogue = &echo};
}

// What explore() has to say about a server, and that it is true.
template <class S> Finding found_about() {
    std::optional<Finding> const finding = explore(program_of<S>(), {.first_seed = 1});
    REQUIRE(finding);
    INFO(finding->script);
    CHECK(finding->what.find('\n') == std::string::npos);
    Script const script = parse_script(finding->script);
    CHECK(script.size() <= small);
    // It says what went wrong, then what happens.
    CHECK(finding->script.rfind("# " + finding->what + "\n", 0) == 0);
    std::optional<Finding> const again = run_script(program_of<S>(), finding->script);
    REQUIRE(again);
    CHECK(again->what == finding->what);
    // And the seed fails alike.
    std::optional<Failure> const by_seed = Sandbox(program_of<S>()).run(finding->seed, nullptr);
    REQUIRE(by_seed);
    CHECK(kind_of(by_seed->what) == kind_of(finding->what));
    CHECK(by_seed->script.size() >= script.size());
    return *finding;
}

} // namespace

TEST_CASE("A server that crashes is found, and the smallest run in which it does") {
    Finding const finding = found_about<Crashing>();
    CHECK_THAT(finding.what, contains_text("it crashed"));
}

TEST_CASE("A server whose assertion fails is found, with the assertion's words") {
    Finding const finding = found_about<Asserting>();
    CHECK_THAT(finding.what, contains_text("assertion failed: buffer.size() <= 20"));
}

TEST_CASE("A server that loses a byte is found") {
    Finding const finding = found_about<Forgetful>();
    CHECK_THAT(finding.what, contains_text("peer 1"));
    // Three bytes are what it takes.
    RunResult const benign = run_decisions(parse_script(finding.script));
    REQUIRE(!benign.connections.empty());
    CHECK(benign.connections[0].arrived >= 3);
}

TEST_CASE("A server that answers twice is found") {
    Finding const finding = found_about<Repeating>();
    CHECK_THAT(finding.what, contains_text("peer 1 heard"));
}

TEST_CASE("A server that keeps buffers is found, for others wait for ever") {
    Finding const finding = found_about<Keeping>();
    CHECK_THAT(finding.what, contains_text("the server"));
}

TEST_CASE("Nothing is found about the echo server in a few runs") {
    std::optional<Finding> const finding = explore(echo_program(), {.first_seed = 1, .runs = 300});
    INFO((finding ? finding->script : ""));
    CHECK(!finding);
}

TEST_CASE("Without shrinking, a finding is the run of its seed") {
    std::optional<Finding> const finding =
        explore(program_of<Crashing>(), {.first_seed = 1, .shrink = false});
    REQUIRE(finding);
    Sandbox sandbox(program_of<Crashing>());
    std::optional<Failure> const by_seed = sandbox.run(finding->seed, nullptr);
    REQUIRE(by_seed);
    CHECK(parse_script(finding->script) == by_seed->script);
    CHECK(by_seed->seed == finding->seed);
}

TEST_CASE("An exploration begins with the seed that it is told, and ends after its runs") {
    std::optional<Finding> const first =
        explore(program_of<Crashing>(), {.first_seed = 1, .shrink = false});
    REQUIRE(first);
    std::uint64_t const seed = first->seed;
    CHECK(explore(program_of<Crashing>(), {.first_seed = seed, .runs = 1, .shrink = false}));
    if (seed > 1) {
        CHECK(!explore(program_of<Crashing>(), {.first_seed = 1, .runs = seed - 1}));
    }
    CHECK(!explore(program_of<Crashing>(),
                   {.first_seed = seed, .time = std::chrono::nanoseconds(0)}));
}

TEST_CASE("A script that is stale or unreadable is refused") {
    CHECK(!run_script(echo_program(), "run peers[0] = 1\n"));
    CHECK_THROWS_WITH(run_script(echo_program(), "peer 7 send_cut[0] = 3\n"),
                      contains_text("stale: nobody asks for peer 7 send_cut[0] = 3"));
    CHECK_THROWS_AS(run_script(echo_program(), "peer 7 send_cut[0] = 3\n"), std::invalid_argument);
    CHECK_THROWS_WITH(run_script(echo_program(), "run\n"), contains_text("line 1"));
    CHECK_THROWS_AS(run_script(echo_program(), "run\n"), std::invalid_argument);
}

TEST_CASE("What runs met before a crash is kept") {
    Sandbox sandbox(program_of<Crashing>());
    std::optional<Failure> const well = sandbox.run(Script{}, nullptr);
    CHECK(!well);
    CHECK(sandbox.findings().runs == 1);
    std::uint64_t const before = times(sandbox.findings(), Happening::sent);
    CHECK(before > 0);
    // Eight bytes, and then the rest of 64.
    std::optional<Failure> const crash = sandbox.run(parse_script("peer 1 amount[0] = 2\n"
                                                                  "peer 1 amount[1] = 63\n"
                                                                  "peer 1 piece[0] = 8\n"),
                                                     nullptr);
    REQUIRE(crash);
    CHECK(crash->script.size() == 3);
    CHECK(times(sandbox.findings(), Happening::sent) > before);
    CHECK(sandbox.decided() == crash->script);
}

TEST_CASE("Failures are of one kind if they differ in numbers and names only") {
    CHECK(kind_of("peer 1 heard a wrong byte at offset 7") ==
          kind_of("peer 12 heard a wrong byte at offset 0"));
    CHECK(kind_of("the server sleeps for ever: peer 1 ...") ==
          kind_of("the server sleeps for ever: peer 2 ..."));
    CHECK(kind_of("x.cpp:10: assertion failed: a") != kind_of("x.cpp:11: assertion failed: b"));
    CHECK(kind_of("it hangs") != kind_of("it crashed"));
}
