// The example servers as programs, driven by clients that are not ours, where there are any.
#include <support/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <support/child_process.hpp>
#include <support/kodama_process.hpp>
#include <support/scale.hpp>

using namespace kodama::testing;

namespace {

std::string folder() {
    char const* const value = std::getenv("KODAMA_EXAMPLES");
    return value == nullptr ? "" : value;
}

class ExampleProcess : public ChildProcess {
public:
    explicit ExampleProcess(std::string const& name, std::vector<std::string> const& more = {})
        : ChildProcess({.arguments = arguments(name, more)}),
          port_(std::to_string(listening_port(*this))) {}

    [[nodiscard]] std::string const& port() const noexcept { return port_; }

    // Drains, and ends as it should.
    int end() {
        signal(SIGTERM);
        return wait();
    }

private:
    static std::vector<std::string> arguments(std::string const& name,
                                              std::vector<std::string> const& more) {
        std::vector<std::string> all{folder() + "/" + name, "127.0.0.1:0"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    std::string port_;
};

Finished run_client(std::vector<std::string> const& arguments) {
    return run_to_end({.arguments = arguments}, std::chrono::seconds(60));
}

// A shell's command; `$1` is the port.
Finished run_shell(std::string const& script, std::string const& port) {
    return run_client({"bash", "-c", script, "bash", port});
}

} // namespace

TEST_CASE("redis-cli is served by the RESP server") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"redis-cli", "--version"}})) KODAMA_SKIP("no redis-cli here");
    ExampleProcess resp("resp");
    auto const ask = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"redis-cli", "-p", resp.port()});
        return run_client(words).output;
    };
    CHECK(ask({"PING"}) == "PONG\n");
    CHECK(ask({"SET", "key", "a value"}) == "OK\n");
    CHECK(ask({"GET", "key"}) == "a value\n");
    CHECK(ask({"DEL", "key"}) == "1\n");
    CHECK(ask({"GET", "key"}) == "\n");
    CHECK(resp.end() == 0);
}

TEST_CASE("redis-benchmark is served by the RESP server, pipelined and not") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"redis-benchmark", "--version"}}))
        KODAMA_SKIP("no redis-benchmark here");
    ExampleProcess resp("resp");
    std::string const depth = GENERATE("1", "16");
    Finished const done =
        run_client({"redis-benchmark", "-p", resp.port(), "-t", "ping,set,get", "-n",
                    std::to_string(scaled(20'000)), "-c", "20", "-P", depth, "--csv"});
    INFO(done.output << done.errors);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.output, contains_text("\"GET\""));
    CHECK(resp.end() == 0);
}

TEST_CASE("curl is served by the HTTP server, twice on one connection") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"curl", "--version"}})) KODAMA_SKIP("no curl here");
    ExampleProcess http("http");
    std::string const url = "http://127.0.0.1:" + http.port();
    Finished const done =
        run_client({"curl", "-s", "--noproxy", "*", "-w", "%{http_code} %{num_connects}\n",
                    url + "/", url + "/none", url + "/"});
    INFO(done.errors);
    CHECK(done.output == "Hello, world!\n200 1\n404 0\nHello, world!\n200 0\n");
    CHECK(http.end() == 0);
}

TEST_CASE("wrk is served by the HTTP server, and every answer is a good one") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    // It has no option that ends with 0, so: is it there?
    if (!works({.arguments = {"bash", "-c", "command -v wrk"}})) KODAMA_SKIP("no wrk here");
    ExampleProcess http("http");
    Finished const done =
        run_client({"wrk", "-t1", "-c20", "-d1s", "http://127.0.0.1:" + http.port() + "/"});
    INFO(done.output << done.errors);
    CHECK(done.exit_code == 0);
    CHECK_THAT(done.output, contains_text("Requests/sec"));
    CHECK_THAT(done.output, !contains_text("Non-2xx"));
    CHECK_THAT(done.output, !contains_text("Socket errors"));
    CHECK(http.end() == 0);
}

TEST_CASE("two that use socat can talk in the chat room") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"socat", "-V"}})) KODAMA_SKIP("no socat here");
    ExampleProcess chat("chat");
    Finished const done =
        run_shell("coproc ann { socat -t 30 - TCP:127.0.0.1:$1; }\n"
                  "read -r <&${ann[0]}; echo Ann >&${ann[1]}; read -r <&${ann[0]}\n"
                  "(echo Bea; echo hello) | socat -t 30 - TCP:127.0.0.1:$1\n"
                  "for i in 1 2 3; do read -r line <&${ann[0]}; echo \"$line\"; done",
                  chat.port());
    INFO(done.errors);
    CHECK(done.output == "name?\nwelcome\nBea enters\nBea: hello\nBea leaves\n");
    CHECK(chat.end() == 0);
}

TEST_CASE("discard and chargen serve socat") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"socat", "-V"}})) KODAMA_SKIP("no socat here");
    ExampleProcess discard("discard");
    CHECK(run_shell("head -c 1000000 /dev/zero | socat -t 30 - TCP:127.0.0.1:$1 | wc -c",
                    discard.port())
              .output == "0\n");
    CHECK(discard.end() == 0);
    ExampleProcess chargen("chargen");
    CHECK(run_shell("socat -u TCP:127.0.0.1:$1 - 2>/dev/null | head -n 2000 | tail -c 5",
                    chargen.port())
              .output.ends_with("\r\n"));
    CHECK(chargen.end() == 0);
}

TEST_CASE("curl is served by the HTTP server through the proxy, twice on one connection") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"curl", "--version"}})) KODAMA_SKIP("no curl here");
    ExampleProcess http("http");
    ExampleProcess proxy("proxy", {"127.0.0.1:" + http.port()});
    std::string const url = "http://127.0.0.1:" + proxy.port();
    Finished const done =
        run_client({"curl", "-s", "--noproxy", "*", "-w", "%{http_code} %{num_connects}\n",
                    url + "/", url + "/none", url + "/"});
    INFO(done.errors);
    CHECK(done.output == "Hello, world!\n200 1\n404 0\nHello, world!\n200 0\n");
    CHECK(proxy.end() == 0);
    CHECK(http.end() == 0);
}

TEST_CASE("socat passes through the proxy with both halves of its connection") {
    if (folder().empty()) KODAMA_SKIP("KODAMA_EXAMPLES is not set");
    if (!works({.arguments = {"socat", "-V"}})) KODAMA_SKIP("no socat here");
    KodamaProcess echo;
    ExampleProcess proxy("proxy", {"127.0.0.1:" + std::to_string(echo.port())});
    // It finishes after the last byte, and waits for the rest of the answer.
    Finished const done = run_shell(
        "head -c 3000000 /dev/zero | socat -t 30 - TCP:127.0.0.1:$1 | wc -c", proxy.port());
    INFO(done.errors);
    CHECK(done.output == "3000000\n");
    CHECK(proxy.end() == 0);
}
