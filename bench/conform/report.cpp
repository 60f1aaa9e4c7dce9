#include <bench/conform/report.hpp>

#include <algorithm>

namespace kodama::bench::conform {

namespace {

// Control characters do not occur: the messages are ours or the C library's, and what was typed is
// a host and a port by then.
std::string json_string(std::string const& text) {
    std::string result = "\"";
    for (char const character : text) {
        if (character == '"' || character == '\\') result += '\\';
        result += character;
    }
    return result + '"';
}

char const* word_for(Verdict verdict, char const* passed) {
    switch (verdict) {
    case Verdict::passed:
        return passed;
    case Verdict::failed:
        return "failed";
    case Verdict::skipped:
        break;
    }
    return "skipped";
}

} // namespace

std::string line_of(Result const& result) {
    std::string const line = std::string(word_for(result.verdict, "ok")) + " " + result.name;
    return result.why.empty() ? line : line + ": " + result.why;
}

std::size_t count_of(std::vector<Result> const& results, Verdict verdict) {
    auto const same = [&](Result const& one) { return one.verdict == verdict; };
    return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), same));
}

std::string summary_of(std::vector<Result> const& results) {
    auto const count = [&](Verdict verdict) { return std::to_string(count_of(results, verdict)); };
    return count(Verdict::passed) + " passed, " + count(Verdict::failed) + " failed, " +
           count(Verdict::skipped) + " skipped";
}

std::string json_of(std::string const& target, std::vector<Result> const& results) {
    std::string cases;
    for (Result const& one : results) {
        cases += cases.empty() ? "" : ",";
        cases += "{\"name\":" + json_string(one.name) + ",\"result\":\"" +
                 word_for(one.verdict, "passed") + "\",\"why\":" + json_string(one.why) + "}";
    }
    auto const count = [&](Verdict verdict) { return std::to_string(count_of(results, verdict)); };
    return R"({"program":"kodama-conform","version":")" KODAMA_VERSION R"(","target":)" +
           json_string(target) + ",\"cases\":[" + cases + "],\"passed\":" + count(Verdict::passed) +
           ",\"failed\":" + count(Verdict::failed) + ",\"skipped\":" + count(Verdict::skipped) +
           "}";
}

} // namespace kodama::bench::conform
