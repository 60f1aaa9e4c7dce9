// Section 3.1 of the fault catalogue: accepting.
#include "scenario.hpp"

#include <algorithm>

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

// Which of the errors of Choice::accept_fails come first and last of their kind.
constexpr std::uint32_t first_of_one_peer = 1; // ECONNABORTED, EINTR, EPROTO, EPERM, ENETDOWN,
constexpr std::uint32_t last_of_one_peer = 6;  // EHOSTUNREACH
constexpr std::uint32_t no_descriptors = 7;    // EMFILE
constexpr std::uint32_t table_full = 8;        // ENFILE
constexpr std::uint32_t no_memory = 9;         // ENOBUFS, ENOMEM

// Six peers of two connections each, on an ample server.
constexpr char const* many_peers = "run peers[0] = 5\n"
                                   "peer 1 rounds[0] = 1\n"
                                   "peer 2 rounds[0] = 1\n"
                                   "peer 3 rounds[0] = 1\n";

bool all_accepted(RunResult const& result) {
    return std::all_of(result.connections.begin(), result.connections.end(),
                       [](Socket const& socket) { return socket.accepted; });
}

void all_served(RunResult const& result, Decision const& /*fault*/) {
    CHECK(all_accepted(result));
    CHECK(result.all_echoed());
}

void paused_and_all_served(RunResult const& result, Decision const& fault) {
    all_served(result, fault);
    CHECK(times(result.findings, Sometimes::accept_failed) == 1);
    CHECK(times(result.findings, Sometimes::accept_paused) == 1);
}

void served_without_pause(RunResult const& result, Decision const& fault) {
    all_served(result, fault);
    CHECK(times(result.findings, Sometimes::accept_failed) == 1);
    CHECK(times(result.findings, Sometimes::accept_paused) == 0);
}

} // namespace

TEST_CASE("fault_A1: with one descriptor for six peers, accepting pauses and all are served") {
    // No direct descriptors; half as many ordinary ones as places, then a single one.
    auto const [script, descriptors] =
        GENERATE(table<char const*, std::uint32_t>({{"run features[0] = 1\n"
                                                     "run peers[0] = 5\n"
                                                     "run slots[0] = 4\n"
                                                     "run descriptors[0] = 2\n",
                                                     2u},
                                                    {"run features[0] = 1\n"
                                                     "run peers[0] = 5\n"
                                                     "run descriptors[0] = 3\n",
                                                     1u}}));
    RunResult const result = run_well(script);
    CHECK(result.plan.ring.descriptors == descriptors);
    CHECK(times(result.findings, Sometimes::descriptors_used_up) > 0);
    CHECK(times(result.findings, Sometimes::accept_paused) > 0);
    CHECK(result.connections.size() == 6);
    CHECK(all_accepted(result));
    CHECK(result.all_echoed());
}

TEST_CASE("fault_A1: EMFILE at any accept pauses accepting once, and everybody is served") {
    sweep({.script = many_peers,
           .fault = Choice::accept_fails,
           .from = no_descriptors,
           .to = no_descriptors},
          paused_and_all_served);
}

TEST_CASE("fault_A2: with one place for six peers, nobody is accepted whom there is no place for") {
    // In a row: with and without direct descriptors, with two listening sockets, with a single
    // place in the queue.
    char const* const more =
        GENERATE("", "run features[0] = 1\n", "run peers[1] = 1\n",
                 "run peers[1] = 1\nrun features[0] = 1\n", "run backlog[0] = 1\n");
    RunResult const result = run_well(std::string("run peers[0] = 5\n"
                                                  "run slots[0] = 1\n") +
                                      more);
    CHECK(result.plan.limits.max_connections == 1);
    CHECK(times(result.findings, Sometimes::accept_paused) > 0);
    CHECK(all_accepted(result));
    CHECK(result.all_echoed());
}

TEST_CASE("fault_A2: ENFILE at any accept pauses accepting once, and everybody is served") {
    sweep(
        {.script = many_peers, .fault = Choice::accept_fails, .from = table_full, .to = table_full},
        paused_and_all_served);
}

TEST_CASE("fault_A3: connections that arrive while accepting is cancelled find their place") {
    // Two listening sockets with queues of two, 16 places: with the fourth connection these are too
    // few for accepting many. The first listening socket's accept comes late, so that two more
    // connections wait in its queue when it is cancelled.
    Findings const met = sweep({.script = "run peers[0] = 5\n"
                                          "run peers[1] = 1\n"
                                          "run slots[0] = 6\n"
                                          "run backlog[0] = 1\n"
                                          "peer 2 rounds[0] = 1\n"
                                          "run late[0] = 8\n",
                                .fault = Choice::cancel_races,
                                .to = 4},
                               all_served);
    CHECK(times(met, Sometimes::cancel_lost_to_data) > 0);
    CHECK(times(met, Sometimes::cancel_answered_first) > 0);
    CHECK(times(met, Sometimes::cancel_found_it_running) > 0);
    CHECK(times(met, Sometimes::cancel_found_nothing) > 0);
}

TEST_CASE("fault_A3: where a full queue would not fit three times, one is accepted at a time") {
    // Queues of three. Accepting many takes up to six before it can be cancelled, and three more
    // where the cancellation misses it: so eight places are too few to begin it.
    RunResult const result = run_well("run slots[0] = 5\n"
                                      "run backlog[0] = 2\n"
                                      "run peers[0] = 5\n");
    CHECK(result.plan.limits.max_connections == 8);
    CHECK(std::none_of(result.questions.begin(), result.questions.end(), [](Question const& one) {
        return one.choice == Choice::cancel_races && one.subject == whole_run;
    }));
    CHECK(result.all_echoed());
}

TEST_CASE("fault_A4: an accept that fails because of its peer is armed again at once") {
    Findings const met = sweep({.script = many_peers,
                                .fault = Choice::accept_fails,
                                .from = first_of_one_peer,
                                .to = last_of_one_peer},
                               served_without_pause);
    CHECK(times(met, Sometimes::accept_failed) == met.runs);
}

TEST_CASE("fault_A5: an accept without memory pauses accepting once, and everybody is served") {
    sweep({.script = many_peers, .fault = Choice::accept_fails, .from = no_memory, .to = 10},
          paused_and_all_served);
}

TEST_CASE("fault_A5: accepting that fails again and again is tried more and more seldom") {
    RunResult const result = run_well("run peers[0] = 1\n"
                                      "run accept_fails[0] = 7\n"
                                      "run accept_fails[1] = 8\n"
                                      "run accept_fails[2] = 9\n"
                                      "run accept_fails[3] = 10\n"
                                      "run accept_fails[4] = 7\n"
                                      "run accept_fails[5] = 9\n");
    CHECK(times(result.findings, Sometimes::accept_failed) == 6);
    CHECK(times(result.findings, Sometimes::accept_paused) == 6);
    CHECK(result.all_echoed());
}

TEST_CASE("fault_A7: a multishot accept that ends with a connection is armed again") {
    Findings const met = sweep({.script = many_peers, .fault = Choice::accept_ends}, all_served);
    CHECK(times(met, Sometimes::multishot_accept_ended_with_connection) == met.runs);
}

TEST_CASE("fault_A8: a listening socket that dies is given up, and its connections are served") {
    // The other listening socket of two goes on.
    char const* const more = GENERATE("", "run peers[1] = 1\n");
    std::string const script = std::string(many_peers) + more;
    Findings const met = sweep({.script = script, .fault = Choice::listener_dies},
                               [](RunResult const& result, Decision const& /*fault*/) {
                                   CHECK(times(result.findings, Sometimes::listener_died) == 1);
                                   for (Socket const& socket : result.connections) {
                                       // Whoever still waited to be accepted is lost with it.
                                       if (!socket.accepted) continue;
                                       CHECK(socket.sent == socket.arrived);
                                   }
                               });
    CHECK(met.runs > 1);
}
