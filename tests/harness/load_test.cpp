// kodama-load against kodama.
#include <csignal>
#include <string>
#include <vector>

#include <harness/load_process.hpp>
#include <support/catch.hpp>
#include <support/kodama_process.hpp>

using namespace kodama::testing;

namespace {

std::string target_of(KodamaProcess const& server) {
    return "127.0.0.1:" + std::to_string(server.port());
}

// What is true of every run without errors that echoes exactly `count` times.
void check_count(LoadRun const& run, double count) {
    INFO(run.output() << run.errors());
    CHECK(run.exit_code() == 0);
    CHECK(run.failures() == "none");
    CHECK(run.number("echoes") == count);
    CHECK(run.number("window_s") > 0);
    CHECK(run.number("echoes_per_s") > 0);
    CHECK(run.number("client_s") > 0);
    CHECK(run.errors().empty());
}

} // namespace

TEST_CASE("load: a closed loop echoes exactly as often as it shall") {
    KodamaProcess const server({"--workers", "1"});
    LoadRun const run(target_of(server), {"--count", "1001", "--connections", "7"});
    check_count(run, 1001);
    CHECK(run.number("bytes") == 1001 * 64);
    CHECK(run.text("mode") == "\"closed\"");
    CHECK(run.text("target") == "\"" + target_of(server) + "\"");
    CHECK(run.text("server_s") == "null");
    CHECK(run.text("send_lag_us") == "null");
    CHECK(run.text("kept_up") == "null");
}

TEST_CASE("load: fewer messages than connections are sent once") {
    KodamaProcess const server({"--workers", "1"});
    check_count(LoadRun(target_of(server), {"--count", "3", "--connections", "7", "--depth=5"}), 3);
}

TEST_CASE("load: messages of all sizes, many in flight, come back whole") {
    KodamaProcess const server({"--workers", "1"});
    check_count(LoadRun(target_of(server), {"--count", "500", "--connections", "5", "--depth", "16",
                                            "--size", "1-20000"}),
                500);
    check_count(LoadRun(target_of(server), {"--count", "9", "--size", "3M,1,64K"}), 9);
}

TEST_CASE("load: an open loop sends what is due and tells how late") {
    KodamaProcess const server({"--workers", "1"});
    for (char const* const arrivals : {"constant", "poisson"}) {
        for (char const* const wait : {"spin", "sleep"}) {
            LoadRun const run(target_of(server),
                              {"--rate", "5000", "--count", "300", "--connections", "10",
                               "--arrivals", arrivals, "--wait", wait});
            check_count(run, 300);
            CHECK(run.text("mode") == "\"open\"");
            CHECK(run.text("arrivals") == "\"" + std::string(arrivals) + "\"");
            CHECK(run.number("intended") == 300);
            // 300 at 5,000 a second take 60 ms, or longer on a machine that is busy.
            CHECK(run.number("window_s") > 0.03);
            CHECK(run.text("kept_up") != "null");
        }
    }
}

TEST_CASE("load: churn makes a connection for each echo and closes it in order") {
    KodamaProcess server({"--workers", "1"});
    LoadRun const run(target_of(server), {"--churn", "--count", "200", "--connections", "9"});
    check_count(run, 200);
    CHECK(run.number("connections_made") == 200);
    CHECK(run.number("connections_per_s") > 0);
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("load: a stream writes on and gets everything back") {
    KodamaProcess const server({"--workers", "1"});
    LoadRun const run(target_of(server),
                      {"--stream", "--count", "200", "--connections", "3", "--size", "64K"});
    check_count(run, 200);
    CHECK(run.number("bytes") == 200 * 65536);
    CHECK(run.number("window_bytes") == 1 << 20);
    check_count(LoadRun(target_of(server),
                        {"--stream", "--count", "5000", "--size", "1-100", "--window", "1000"}),
                5000);
}

TEST_CASE("load: a run of some time measures that long, after a warm-up") {
    KodamaProcess const server({"--workers", "1"});
    for (char const* const mode : {"--depth=2", "--churn", "--stream", "--rate=1000"}) {
        CAPTURE(mode);
        LoadRun const run(target_of(server),
                          {mode, "--duration", "100ms", "--warm-up", "20ms", "--connections", "3"});
        INFO(run.output() << run.errors());
        CHECK(run.exit_code() == 0);
        CHECK(run.failures() == "none");
        CHECK(run.number("window_s") >= 0.1);
        CHECK(run.number("duration_s") == 0.1);
        CHECK(run.number("warm_up_s") == 0.02);
    }
}

TEST_CASE("load: idle connections and slow readers are there beside the others") {
    KodamaProcess const server({"--workers", "1"});
    LoadRun const run(target_of(server), {"--count", "300", "--connections", "3", "--idle", "20",
                                          "--slow-readers", "3"});
    check_count(run, 300);
    CHECK(run.number("idle") == 20);
    CHECK(run.number("slow_readers") == 3);
}

TEST_CASE("load: the server's CPU time is told when it is asked for") {
    KodamaProcess const server({"--workers", "1"});
    LoadRun const run(target_of(server),
                      {"--count", "2000", "--server-pid", std::to_string(server.pid())});
    check_count(run, 2000);
    CHECK(run.number("server_s") > 0);
    CHECK(run.number("server_ns_per_echo") > 0);
    CHECK(run.number("machine_s") >= 0);
}

TEST_CASE("load: a server that has no clock is a wrong option") {
    KodamaProcess const server({"--workers", "1"});
    LoadRun const pid(target_of(server), {"--server-pid", "2147483646"});
    CHECK(pid.exit_code() == 64);
    CHECK_THAT(pid.errors(), contains_text("--server-pid: there is no process 2147483646"));
    LoadRun const group(target_of(server), {"--server-cgroup", "/nowhere"});
    CHECK(group.exit_code() == 64);
    CHECK_THAT(group.errors(), contains_text("--server-cgroup: '/nowhere' is not"));
}

TEST_CASE("load: connections may come from many addresses") {
    KodamaProcess const server({"--workers", "1"});
    check_count(LoadRun(target_of(server),
                        {"--count", "50", "--connections", "20", "--source-addresses", "300"}),
                50);
}

TEST_CASE("load: a summary for people names what they need") {
    KodamaProcess const server({"--workers", "1"});
    auto const run = run_to_end(load_command(target_of(server), {"--count", "100"}));
    CHECK(run.exit_code == 0);
    for (char const* const text : {"target ", "100 echoes", "echoes/s", "p99.99",
                                   "no service latency", "ns an echo", "errors         none"})
        CHECK_THAT(run.output, contains_text(text));
}

TEST_CASE("load: too few descriptors are told before anything is opened") {
    Command command = load_command("127.0.0.1:9", {"--connections", "100"});
    command.arguments.insert(command.arguments.begin(),
                             {"sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"});
    auto const run = run_to_end(command);
    CHECK(run.exit_code == 71);
    CHECK_THAT(run.errors, contains_text("116 descriptors are needed and 64 allowed"));
}

TEST_CASE("load: help and version go to stdout") {
    auto const help = run_to_end(load_command("--help", {}));
    CHECK(help.exit_code == 0);
    CHECK_THAT(help.output, contains_text("Usage: kodama-load TARGET"));
    auto const version = run_to_end(load_command("--version", {}));
    CHECK(version.exit_code == 0);
    CHECK(version.output.starts_with("kodama-load "));
    auto const wrong = run_to_end(load_command("127.0.0.1:9", {"--size", "0"}));
    CHECK(wrong.exit_code == 64);
    CHECK_THAT(wrong.errors, contains_text("see --help"));
}
