// Runs that went wrong once, in files: tests/simulation/regressions/*.script.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <kodama/simulation/explore.hpp>
#include <support/catch.hpp>

#include "scenario.hpp"

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

std::vector<std::filesystem::path> regressions() {
    std::vector<std::filesystem::path> paths;
    for (auto const& entry : std::filesystem::directory_iterator(KODAMA_REGRESSIONS)) {
        if (entry.path().extension() == ".script") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string text_of(std::filesystem::path const& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    REQUIRE(in.is_open());
    return text.str();
}

} // namespace

TEST_CASE("What went wrong once goes well, and its script is still understood") {
    for (std::filesystem::path const& path : regressions()) {
        INFO(path.string());
        std::optional<Finding> finding;
        CHECK_NOTHROW(finding = run_script(echo_program(), text_of(path)));
        INFO((finding ? finding->what : ""));
        CHECK(!finding);
    }
}
