// A server's counters as text.
#pragma once

#include <string>

#include <kodama/server/server.hpp>

namespace kodama {

// One line of JSON, without a line break at its end: every counter by its name, `closed` with the
// connections that ended by reason, and the same for each worker under `workers`. Any thread.
[[nodiscard]] std::string stats_json(BasicServer const& server);

} // namespace kodama
