// A server's counters as text.
#pragma once

#include <string>

#include <kodama/base/export.hpp>
#include <kodama/server/server.hpp>

namespace kodama {

// One line of JSON, without a line break at its end: every counter by its name, `closed` with the
// connections that ended by reason, and the same for each worker under `workers`. Any thread.
[[nodiscard]] KODAMA_EXPORT std::string stats_json(BasicServer const& server);

} // namespace kodama
