// The four modes of a run.
#pragma once

#include <memory>

#include <bench/load/budget.hpp>
#include <bench/load/connections.hpp>
#include <bench/load/meter.hpp>
#include <bench/load/options.hpp>
#include <bench/load/workload.hpp>

namespace kodama::bench {

// What a mode works with; it all outlives the mode.
struct Means {
    LoadOptions const& options;
    Connections& connections;
    Budget& budget;
    Meter& meter;
};

// Each connection has `depth` messages in flight and sends the next when one has come back.
[[nodiscard]] std::unique_ptr<Workload> make_closed_loop(Means const& means);

// Messages are sent at times that do not depend on the answers.
[[nodiscard]] std::unique_ptr<Workload> make_open_loop(Means const& means);

// Connect, one echo, FIN, the server's FIN, and again.
[[nodiscard]] std::unique_ptr<Workload> make_churn(Means const& means);

// Each connection writes on while at most `window` bytes are unanswered.
[[nodiscard]] std::unique_ptr<Workload> make_stream(Means const& means);

} // namespace kodama::bench
