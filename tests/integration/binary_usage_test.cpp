// What the binary refuses to do, and how it says so: exit codes of sysexits.h and one line.
#include <support/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <support/client.hpp>
#include <support/kodama_process.hpp>

using namespace kodama::testing;

namespace {

struct Hostile {
    std::vector<std::string> arguments;
    std::vector<std::string> message; // what its one line must tell
};

std::vector<Hostile> const hostile_command_lines{
    {{"--workers", "0"}, {"--workers", "'0'", "1024"}},
    {{"--workers", "-1"}, {"--workers", "'-1'", "1024"}},
    {{"--workers", "1025"}, {"--workers", "1025", "1024"}},
    {{"--workers", "99999999999999999999"}, {"--workers", "99999999999999999999", "1024"}},
    {{"--workers", "two"}, {"--workers", "'two'", "1024"}},
    {{"--workers", "0x10"}, {"--workers", "'0x10'", "1024"}},
    {{"--workers", " 1"}, {"--workers", "' 1'", "1024"}},
    {{"--workers", ""}, {"--workers"}},
    {{"--workers"}, {"--workers"}},
    {{"--workers", "1", "--workers", "2"}, {"--workers"}},
    {{"--listen", "127.0.0.1:65536"}, {"--listen", "127.0.0.1:65536", "65535"}},
    {{"--listen", "127.0.0.1:-1"}, {"--listen", "127.0.0.1:-1", "65535"}},
    {{"--listen", "127.0.0.1:"}, {"--listen", "127.0.0.1:"}},
    {{"--listen", "[::1:80"}, {"--listen", "[::1:80"}},
    {{"--listen", "::1:80"}, {"--listen", "::1:80"}},
    {{"--listen", ""}, {"--listen"}},
    {{"--listen", "127.0.0.1:0", "--listen", "nonsense"}, {"--listen", "nonsense"}},
    {{"--listen", "127.0.0.1:80\n90"}, {"--listen"}},
    {{"--drain-timeout", "5"}, {"--drain-timeout", "'5'", "24h"}},
    {{"--drain-timeout", "-1s"}, {"--drain-timeout", "'-1s'", "24h"}},
    {{"--drain-timeout", "25h"}, {"--drain-timeout", "'25h'", "24h"}},
    {{"--drain-timeout", "1e9s"}, {"--drain-timeout", "'1e9s'", "24h"}},
    {{"--drain-timeout", "99999999999999999999h"}, {"--drain-timeout", "24h"}},
    {{"--disable", "warp-drive"}, {"--disable", "warp-drive", "defer-taskrun"}},
    {{"--disable", ",,"}, {"--disable", "defer-taskrun"}},
    {{"--pin-cpus=maybe"}, {"--pin-cpus"}},
    {{"--no-such-option"}, {"--no-such-option"}},
    {{"--work", "2"}, {"--work"}},
    {{"-w", "2"}, {"-w"}},
    {{"8888"}, {"8888"}},
};

std::string joined(std::vector<std::string> const& words) {
    std::string text;
    for (std::string const& word : words)
        text += " " + word;
    return text;
}

} // namespace

TEST_CASE("fault_X4: a wrong option ends the binary with 64 and a line that names it, its value "
          "and range") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    for (Hostile const& hostile : hostile_command_lines) {
        INFO("kodama" << joined(hostile.arguments));
        Finished const result = run_to_end(kodama_command(hostile.arguments));
        CHECK(result.exit_code == 64);
        CHECK(result.output.empty());
        for (std::string const& part : hostile.message) {
            CHECK_THAT(result.errors, contains_text(part));
        }
        CHECK(result.errors.find('\n') + 1 == result.errors.size());
    }
}

TEST_CASE("an unknown feature in KODAMA_DISABLE ends the binary with 64") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    Finished const result = run_to_end(
        kodama_command({"--listen", "127.0.0.1:0"}, {"KODAMA_DISABLE=defer-taskrun,warp-drive"}));
    CHECK(result.exit_code == 64);
    CHECK(result.output.empty());
    CHECK_THAT(result.errors, contains_text("KODAMA_DISABLE"));
    CHECK_THAT(result.errors, contains_text("warp-drive"));
    CHECK_THAT(result.errors, contains_text("defer-taskrun"));
}

TEST_CASE("--version and --help print what is asked for and end with 0") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    Finished const version = run_to_end(kodama_command({"--version"}));
    CHECK(version.exit_code == 0);
    CHECK(version.output.starts_with("kodama "));
    CHECK(version.errors.empty());
    Finished const help = run_to_end(kodama_command({"--help"}));
    CHECK(help.exit_code == 0);
    CHECK(help.errors.empty());
    for (char const* const option : {"--listen", "--workers", "--pin-cpus", "--disable",
                                     "--drain-timeout", "--version", "--help"}) {
        CHECK_THAT(help.output, contains_text(option));
    }
}

TEST_CASE("a port in use ends the binary with 71 and a line that names it") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    KodamaProcess const first;
    std::string const endpoint = loopback(first.port()).to_string();
    // It tries for about a second, for a dying server holds its port a little longer.
    Finished const second =
        run_to_end(kodama_command({"--listen", endpoint}), std::chrono::seconds(10));
    CHECK(second.exit_code == 71);
    CHECK(second.output.empty());
    CHECK_THAT(second.errors, contains_text(endpoint));
    CHECK_THAT(second.errors, contains_text("in use"));
}

TEST_CASE("an address that this machine does not have ends the binary with 71") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    // TEST-NET-1 (RFC 5737) belongs to nobody.
    Finished const result = run_to_end(kodama_command({"--listen", "192.0.2.1:0"}));
    CHECK(result.exit_code == 71);
    CHECK(result.output.empty());
    CHECK_THAT(result.errors, contains_text("192.0.2.1"));
}
