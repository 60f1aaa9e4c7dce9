// The binary where the system is different: as process 1, and without io_uring.
#include <support/catch.hpp>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <support/client.hpp>
#include <support/kodama_process.hpp>
#include <support/load.hpp>
#include <support/process_info.hpp>
#include <support/scale.hpp>

using namespace kodama::testing;

namespace {

// Whether a wrapper runs the command that follows it.
bool wraps(std::vector<std::string> wrapper) {
    wrapper.emplace_back("true");
    return works({.arguments = std::move(wrapper)});
}

// The command that runs another as process 1, with or without root's rights; empty if none does.
std::vector<std::string> process_1_wrapper() {
    std::vector<std::string> const as_root{"unshare", "--pid", "--fork", "--kill-child",
                                           "--mount-proc"};
    std::vector<std::string> as_user = as_root;
    as_user.insert(as_user.begin() + 1, {"--user", "--map-root-user"});
    if (wraps(as_root)) return as_root;
    if (wraps(as_user)) return as_user;
    return {};
}

Finished without_io_uring(std::string const& error) {
    std::string const inject = "inject=io_uring_setup:error=" + error;
    return run_to_end(kodama_command(
        {"--listen", "127.0.0.1:0"}, {},
        {"strace", "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup", "-e", inject}));
}

} // namespace

TEST_CASE("as process 1 a SIGTERM from outside drains and the exit code is 0") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    std::vector<std::string> const wrapper = process_1_wrapper();
    if (wrapper.empty()) KODAMA_SKIP("a process namespace of its own is not permitted here");
    int const signal = GENERATE(SIGTERM, SIGINT);
    INFO("signal " << signal);
    KodamaProcess unshare({"--workers", "2"}, wrapper);
    std::vector<pid_t> const children = children_of(unshare.pid());
    REQUIRE(children.size() == 1);
    Client client(loopback(unshare.port()));
    client.send_all("hello");
    REQUIRE(client.receive_exactly(5) == "hello");
    client.send_all("last words");
    client.await_arrival();
    REQUIRE(::kill(children.front(), signal) == 0);
    CHECK(client.receive_until_fin() == "last words");
    client.close();
    CHECK(unshare.wait() == 0);
}

TEST_CASE("fault_O2: where io_uring is refused the exit code is 69, with reason and remedy") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!wraps({"strace", "-o", "/dev/null"})) KODAMA_SKIP("strace does not work here");
    std::string const error = GENERATE(as<std::string>{}, "EPERM", "ENOSYS");
    INFO(error);
    Finished const result = without_io_uring(error);
    CHECK(result.exit_code == 69);
    CHECK(result.output.empty());
    CHECK_THAT(result.errors, contains_text("io_uring"));
    CHECK_THAT(result.errors, contains_text("seccomp"));
    if (error == "EPERM") CHECK_THAT(result.errors, contains_text("kernel.io_uring_disabled"));
    CHECK(result.errors.find('\n') + 1 == result.errors.size());
}

TEST_CASE("fault_M4: where memory is refused the binary says so and ends with 69 or 71") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!wraps({"strace", "-o", "/dev/null"})) KODAMA_SKIP("strace does not work here");
    Finished const result = without_io_uring("ENOMEM");
    CHECK((result.exit_code == 69 || result.exit_code == 71));
    CHECK(result.output.empty());
    CHECK_FALSE(result.errors.empty());
}

TEST_CASE("fault_Q2: a call that enters the ring may fail for a moment, and nothing is lost") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!wraps({"strace", "-o", "/dev/null"})) KODAMA_SKIP("strace does not work here");
    std::string const error = GENERATE("EINTR", "EAGAIN", "EBUSY", "ETIME");
    INFO("every seventh time: " << error);
    // The call is not made at all then, so what was to be submitted still is.
    std::string const inject = "inject=io_uring_enter:error=" + error + ":when=50+7";
    KodamaProcess process({"--workers", "1"}, {"strace", "-f", "-o", "/dev/null", "-e",
                                               "trace=io_uring_enter", "-e", inject});
    REQUIRE_NOTHROW(run({.server = loopback(process.port()),
                         .connections = 20,
                         .bytes = 200'000,
                         .seed = test_seed()}));
    // strace hands the signal on to the server, which is its only child.
    std::vector<pid_t> const children = children_of(process.pid());
    REQUIRE(children.size() == 1);
    REQUIRE(::kill(children.front(), SIGTERM) == 0);
    CHECK(process.wait() == 0);
}
