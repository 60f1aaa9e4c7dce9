// What kodama-conform prints, for people or as JSON.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kodama::bench::conform {

enum class Verdict { passed, failed, skipped };

struct Result {
    std::string name;
    Verdict verdict;
    std::string why; // may be empty where it passed
};

// "ok NAME", "failed NAME: why".
[[nodiscard]] std::string line_of(Result const& result);

// "25 passed, 0 failed, 0 skipped".
[[nodiscard]] std::string summary_of(std::vector<Result> const& results);

// One object on one line.
[[nodiscard]] std::string json_of(std::string const& target, std::vector<Result> const& results);

[[nodiscard]] std::size_t count_of(std::vector<Result> const& results, Verdict verdict);

} // namespace kodama::bench::conform
