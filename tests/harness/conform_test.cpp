// kodama-conform: passes those who echo, and finds each mistake where it is looked for.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <sysexits.h>

#include <support/catch.hpp>
#include <support/child_process.hpp>
#include <support/kodama_process.hpp>

#include <harness/broken_server.hpp>

namespace kodama::testing {

namespace {

std::string variable(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

Finished conform(std::vector<std::string> const& arguments) {
    Command command{.arguments = {variable("KODAMA_CONFORM")}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    return run_to_end(command, std::chrono::minutes(2));
}

std::string on_loopback(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

std::string name_of(std::string const& path) { return path.substr(path.rfind('/') + 1); }

// For what never comes, so the wait is always waited out; whatever comes in the end, however busy
// the machine, is given patience.
constexpr char const* short_timeout = "--timeout=500ms";
constexpr char const* patient_timeout = "--timeout=20s";

// One case against a server with a mistake.
Finished try_one(Mistake mistake, std::string const& name, std::string const& timeout) {
    BrokenServer const server(mistake);
    return conform({on_loopback(server.port()), "--case", name, timeout});
}

void check_found(Mistake mistake, std::string const& name, std::string const& why,
                 std::string const& timeout) {
    Finished const finished = try_one(mistake, name, timeout);
    INFO(finished.output << finished.errors);
    CHECK(finished.exit_code == EXIT_FAILURE);
    CHECK_THAT(finished.output, contains_text("failed " + name + ": "));
    CHECK_THAT(finished.output, contains_text(why));
    CHECK_THAT(finished.output, contains_text("0 passed, 1 failed, 0 skipped\n"));
}

void check_passes(Mistake mistake, std::string const& name) {
    Finished const finished = try_one(mistake, name, patient_timeout);
    INFO(finished.output << finished.errors);
    CHECK(finished.exit_code == EXIT_SUCCESS);
    CHECK(finished.output == "ok " + name + "\n1 passed, 0 failed, 0 skipped\n");
}

} // namespace

TEST_CASE("kodama conforms", "[conform]") {
    KodamaProcess const server;
    Finished const finished = conform({on_loopback(server.port()), patient_timeout});
    INFO(finished.output << finished.errors);
    CHECK(finished.exit_code == EXIT_SUCCESS);
    CHECK_THAT(finished.output, contains_text(" passed, 0 failed, 0 skipped\n"));
}

TEST_CASE("the peers conform, and end at SIGTERM", "[conform]") {
    std::istringstream paths(variable("KODAMA_PEERS"));
    for (std::string path; std::getline(paths, path, ':');) {
        INFO(name_of(path));
        ChildProcess server({.arguments = {path, "--listen", "127.0.0.1:0"}});
        std::uint16_t port = 0;
        try {
            port = listening_port(server);
        } catch (std::exception const& error) {
            // Said on stderr why: this machine does not allow it, or lacks something.
            INFO(error.what());
            CHECK(server.wait() == 77);
            WARN(name_of(path) << " is not tested: " << server.errors());
            continue;
        }
        Finished const finished = conform({on_loopback(port), patient_timeout});
        INFO(finished.output << finished.errors);
        CHECK(finished.exit_code == EXIT_SUCCESS);
        server.signal(SIGTERM);
        CHECK(server.wait() == EXIT_SUCCESS);
    }
}

TEST_CASE("a server for text is found out by the first NUL", "[conform]") {
    check_passes(Mistake::text, "hello-world");
    check_found(Mistake::text, "binary", "512 bytes sent and 0 come back: expected more bytes",
                short_timeout);
}

TEST_CASE("a server that forgets what a send did not take is found out", "[conform]") {
    check_passes(Mistake::short_send, "hello-world");
    check_found(Mistake::short_send, "half-close-unread", "expected ", short_timeout);
    check_found(Mistake::short_send, "stop-and-go", "expected ", short_timeout);
}

TEST_CASE("a server that sends what an earlier message left is found out", "[conform]") {
    check_passes(Mistake::stale, "hello-world");
    check_found(Mistake::stale, "sizes", " at offset ", patient_timeout);
}

TEST_CASE("a server that closes with bytes unsent is found out", "[conform]") {
    check_passes(Mistake::fin_first, "half-close");
    check_found(Mistake::fin_first, "half-close-unread", "expected ", patient_timeout);
}

TEST_CASE("a server that resets instead of closing is found out", "[conform]") {
    check_passes(Mistake::resets, "hello-world");
    check_found(Mistake::resets, "close-after-reading",
                "10000 bytes sent and 10000 come back: expected the server's FIN, got an error",
                patient_timeout);
}

TEST_CASE("a server that mixes connections up is found out", "[conform]") {
    check_passes(Mistake::mixed_up, "hello-world");
    check_found(Mistake::mixed_up, "interleaved", "expected ", short_timeout);
}

TEST_CASE("a server that serves one after another is found out", "[conform]") {
    check_found(Mistake::one_after_another, "hello-world", "nothing came for 500ms", short_timeout);
}

TEST_CASE("the broken server is none but for its mistakes", "[conform]") {
    BrokenServer const server(Mistake::none);
    Finished const finished =
        conform({on_loopback(server.port()), "--connections=100", patient_timeout});
    INFO(finished.output << finished.errors);
    CHECK(finished.exit_code == EXIT_SUCCESS);
}

TEST_CASE("conform tells as JSON what it found", "[conform]") {
    BrokenServer const server(Mistake::resets);
    Finished const finished = conform(
        {on_loopback(server.port()), "--json", "--case=one-byte", "--case=empty", patient_timeout});
    CHECK(finished.exit_code == EXIT_FAILURE);
    CHECK_THAT(finished.output,
               contains_text(R"("cases":[{"name":"one-byte","result":"passed","why":""},)"
                             R"({"name":"empty","result":"failed","why":"connection )"));
    CHECK_THAT(finished.output, contains_text(R"("passed":1,"failed":1,"skipped":0})"));
}

TEST_CASE("conform says when nobody listens, and what is wrong on its command line", "[conform]") {
    std::uint16_t free_port = 0;
    {
        BrokenServer const server(Mistake::none);
        free_port = server.port();
    }
    Finished const nobody = conform({on_loopback(free_port)});
    CHECK(nobody.exit_code == EX_UNAVAILABLE);
    CHECK_THAT(nobody.errors, contains_text("cannot be reached"));

    for (std::vector<std::string> const& arguments : {std::vector<std::string>{},
                                                      {"127.0.0.1:7", "--case=nonsense"},
                                                      {"127.0.0.1:7", "--connections=0"},
                                                      {"127.0.0.1:7", "--timeout=5"},
                                                      {"127.0.0.1:7", "--sleep=1"},
                                                      {"127.0.0.1:port"},
                                                      {"127.0.0.1:7", "127.0.0.1:8"}}) {
        Finished const finished = conform(arguments);
        INFO(finished.errors);
        CHECK(finished.exit_code == EX_USAGE);
    }
    Finished const list = conform({"--list"});
    CHECK(list.exit_code == EXIT_SUCCESS);
    CHECK_THAT(list.output, contains_text("half-close-unread "));
}

} // namespace kodama::testing
