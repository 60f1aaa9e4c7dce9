// What is printed about a run.
#pragma once

#include <string>

#include <bench/load/result.hpp>

namespace kodama::bench {

// Whether the open loop sent on time and got all answers; meaningless in other modes.
[[nodiscard]] bool kept_up(Result const& result);

// Whether it was our own core that had no time left.
[[nodiscard]] bool client_bound(Result const& result);

// Our CPU time but for what went into spinning.
[[nodiscard]] Nanoseconds own_work(Result const& result);

// What the reader must know to read the figures rightly.
[[nodiscard]] std::vector<std::string> remarks_on(Result const& result);

// Of several lines.
[[nodiscard]] std::string to_summary(Result const& result);

// One object, of one line.
[[nodiscard]] std::string to_json(Result const& result);

} // namespace kodama::bench
