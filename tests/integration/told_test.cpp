// What the binary tells about itself: the probe and the counters.
#include <support/catch.hpp>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/eventually.hpp>
#include <support/json.hpp>
#include <support/kodama_process.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Runs what follows as nobody, without any of root's rights.
std::vector<std::string> as_nobody(std::vector<std::string> const& more = {}) {
    std::vector<std::string> wrapper{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                     "--inh-caps=-all"};
    wrapper.insert(wrapper.end(), more.begin(), more.end());
    return wrapper;
}

// Only root can become nobody, and nobody must be let into the folder of the binary.
bool nobody_can_run_it() {
    Command const version = kodama_command({"--version"}, {}, as_nobody());
    try {
        return run_to_end(version).exit_code == 0;
    } catch (std::runtime_error const&) {
        return false;
    }
}

} // namespace

TEST_CASE("the counters are one line of JSON, in total, by reason and by worker") {
    TestServer<Echo> server{test_options(2)};
    Client client = server.connect();
    client.send_all("hello");
    REQUIRE(client.receive_exactly(5) == "hello");
    client.close();
    server.await_nothing_left();
    std::string const json = stats_json(server);
    CHECK(json.find('\n') == std::string::npos);
    CHECK(json_number(json, "accepted") == 1);
    CHECK(json_number(json, "bytes_received") == 5);
    CHECK(json_number(json, "bytes_sent") == 5);
    CHECK(json_number(json, "peer_finished") == 1);
    CHECK_THAT(json, contains_text("\"workers\":[{\"turns\":"));
    CHECK(std::count(json.begin(), json.end(), '{') == std::count(json.begin(), json.end(), '}'));
    CHECK(std::count(json.begin(), json.end(), '{') == 2 * 3);
}

TEST_CASE("SIGUSR1 prints the counters to stderr, and the server goes on") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess process({"--workers", "1"});
    Client client(loopback(process.port()));
    client.send_all("hello");
    REQUIRE(client.receive_exactly(5) == "hello");
    process.signal(SIGUSR1);
    client.send_all("again");
    REQUIRE(client.receive_exactly(5) == "again");
    client.close();
    process.signal(SIGTERM);
    CHECK(process.wait() == 0);
    CHECK(json_number(process.errors(), "bytes_received") >= 5);
}

TEST_CASE("the counters come at an interval, if one is given") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    ChildProcess process(
        {.arguments = {"sh", "-c", "exec \"$0\" --listen 127.0.0.1:0 --stats-interval 1ms 2>&1",
                       kodama_binary()}});
    // The ready line, the features, and then the counters, line after line.
    eventually("a line of counters",
               [&] { return process.read_line().rfind("{\"turns\":", 0) == 0; });
    CHECK_THAT(process.read_line(), contains_text("{\"turns\":"));
    process.signal(SIGTERM);
    CHECK(process.wait() == 0);
}

TEST_CASE("--probe tells every feature, every limit, and that it can serve") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    Finished const finished =
        run_to_end(kodama_command({"--probe", "--disable", "multishot-accept"}));
    INFO(finished.output);
    CHECK(finished.exit_code == 0);
    for (Feature const feature : all_features) {
        CHECK_THAT(finished.output, contains_text(std::string(name_of(feature)) + " "));
    }
    for (char const* text : {"kernel ", "liburing ", "multishot-accept    no: disabled", "workers ",
                             "descriptors ", "locked memory ", "io_uring_disabled ",
                             "io_uring_group ", "seccomp ", "can serve           yes"}) {
        CHECK_THAT(finished.output, contains_text(text));
    }
}

TEST_CASE("fault_O2: --probe says why it cannot serve, as a start does, with the same exit code") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    std::string const error = GENERATE("EPERM", "ENOSYS", "ENOMEM");
    Finished const finished = [&] {
        try {
            return run_to_end(
                kodama_command({"--probe"}, {},
                               {"strace", "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup",
                                "-e", "inject=io_uring_setup:error=" + error}));
        } catch (std::runtime_error const&) {
            return Finished{-1, "", ""};
        }
    }();
    if (finished.exit_code == -1) KODAMA_SKIP("there is no strace");
    INFO(finished.output << finished.errors);
    CHECK(finished.exit_code == (error == "ENOMEM" ? 71 : 69));
    CHECK_THAT(finished.output, contains_text("can serve           no: "));
    CHECK_THAT(finished.output, contains_text(error));
}

TEST_CASE("fault_M4: too little locked memory is told with what is needed and what there is") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!nobody_can_run_it()) KODAMA_SKIP("the binary cannot be run as nobody here");
    std::vector<std::string> const wrapper = as_nobody({"prlimit", "--memlock=65536:65536"});
    Finished const probe = run_to_end(kodama_command({"--probe"}, {}, wrapper));
    if (probe.exit_code == 0) KODAMA_SKIP("this kernel does not charge rings to RLIMIT_MEMLOCK");
    INFO(probe.output << probe.errors);
    CHECK(probe.exit_code == 71);
    CHECK_THAT(probe.output, contains_text(" KiB needed, limit 64 KiB"));
    Finished const start = run_to_end(kodama_command({"--listen", "127.0.0.1:0"}, {}, wrapper));
    CHECK(start.exit_code == 71);
    CHECK_THAT(start.errors, contains_text("the limit is 64 KiB; raise it"));
    CHECK(std::count(start.errors.begin(), start.errors.end(), '\n') == 1);
}

TEST_CASE("a port that needs a right is told with the remedy") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!nobody_can_run_it()) KODAMA_SKIP("the binary cannot be run as nobody here");
    Finished const start = run_to_end(kodama_command({"--listen", "127.0.0.1:7"}, {}, as_nobody()));
    INFO(start.errors);
    CHECK(start.exit_code == 71);
    CHECK_THAT(start.errors, contains_text("127.0.0.1:7: Permission denied"));
    CHECK_THAT(start.errors, contains_text("CAP_NET_BIND_SERVICE"));
}
