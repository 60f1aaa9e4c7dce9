// The main function of all Catch2 executables.
//
// Where KODAMA_TEST_RESULTS names a folder, one line for each test case is appended to the file
// `EXECUTABLE.cases` in it: `passed`, `failed` or `skipped`, the name, and why it was skipped,
// with tabs between them. tests/count.py adds them up. Exits with 77 when every test case skipped,
// which Meson takes for a skipped test.
#define CATCH_CONFIG_RUNNER

#include <support/catch.hpp>

#include <cerrno> // program_invocation_short_name
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace {

constexpr int skipped_exit_code = 77;

std::optional<std::string> skip_reason; // of the test case that runs
bool all_skipped = true;
bool any_finished = false;

void report(char const* result, std::string const& name) {
    char const* const folder = std::getenv("KODAMA_TEST_RESULTS");
    if (folder == nullptr) return;
    std::string const path = std::string(folder) + "/" + program_invocation_short_name + ".cases";
    std::FILE* const file = std::fopen(path.c_str(), "a");
    if (file == nullptr) return;
    std::fprintf(file, "%s\t%s\t%s\n", result, name.c_str(), skip_reason.value_or("").c_str());
    std::fclose(file);
}

void finish(std::string const& name, bool passed) {
    bool const skipped = passed && skip_reason.has_value();
    any_finished = true;
    all_skipped = all_skipped && skipped;
    report(skipped ? "skipped" : passed ? "passed" : "failed", name);
    if (skipped) std::fprintf(stderr, "skipped: %s: %s\n", name.c_str(), skip_reason->c_str());
    skip_reason.reset();
}

} // namespace

#if __has_include(<catch2/catch_all.hpp>)

namespace {

struct Results : Catch::EventListenerBase {
    using EventListenerBase::EventListenerBase;

    void assertionEnded(Catch::AssertionStats const& stats) override {
        Catch::AssertionResult const& result = stats.assertionResult;
        if (result.getResultType() != Catch::ResultWas::ExplicitSkip) return;
        skip_reason = std::string(result.getMessage());
    }

    void testCaseEnded(Catch::TestCaseStats const& stats) override {
        finish(stats.testInfo->name, stats.totals.testCases.failed == 0);
    }
};

} // namespace

#else

namespace kodama::testing {

void note_skip(std::string const& reason) { skip_reason = reason; }

} // namespace kodama::testing

namespace {

struct Results : Catch::TestEventListenerBase {
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseEnded(Catch::TestCaseStats const& stats) override {
        finish(stats.testInfo.name, stats.totals.testCases.failed == 0);
    }
};

} // namespace

#endif

namespace {

CATCH_REGISTER_LISTENER(Results)

} // namespace

int main(int argc, char** argv) {
    int const result = Catch::Session().run(argc, argv);
    return any_finished && all_skipped ? skipped_exit_code : result;
}
