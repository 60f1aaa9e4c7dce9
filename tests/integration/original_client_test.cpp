// The client that the first echo server was written for, against the binary.
#include <support/catch.hpp>

#include <csignal>
#include <filesystem>
#include <string>

#include <support/kodama_process.hpp>
#include <support/scale.hpp>

using namespace kodama::testing;

namespace {

// This file's path is relative to the build's root, which is one of the folders above this program.
std::string script() {
    namespace fs = std::filesystem;
    fs::path const relative = fs::path(__FILE__).parent_path() / "original_client.py";
    for (fs::path folder = fs::read_symlink("/proc/self/exe"); folder.has_relative_path();) {
        folder = folder.parent_path();
        if (fs::exists(folder / relative)) return (folder / relative).string();
    }
    return relative.string();
}

} // namespace

TEST_CASE("the original client loses no hello,world, in a row and 200 at a time") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (!works({.arguments = {"python3", "-c", ""}})) KODAMA_SKIP("no python3 here");
    KodamaProcess kodama;
    std::string const count = std::to_string(scaled(10'000));
    Finished const client =
        run_to_end({.arguments = {"python3", script(), std::to_string(kodama.port()), "--in-a-row",
                                  count, "--total-at-once", count, "--at-once", "200"}},
                   std::chrono::seconds(120));
    INFO(client.output << client.errors);
    CHECK(client.exit_code == 0);
    CHECK_THAT(client.output, contains_text(" 0 lost, 0 errors"));

    kodama.signal(SIGTERM);
    CHECK(kodama.wait() == 0);
    CHECK(kodama.output().empty());
}
