#include <bench/load/report.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include <bench/harness/json.hpp>

namespace kodama::bench {

namespace {

double seconds(Nanoseconds time) { return static_cast<double>(time) / 1e9; }

double ratio(double one, double other) { return other > 0 ? one / other : 0.0; }

// "1,234,567".
std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string grouped(double number) {
    return grouped(static_cast<std::uint64_t>(std::llround(number)));
}

std::string microseconds(std::uint64_t time) {
    return decimal(static_cast<double>(time) / 1e3, 1) + " us";
}

std::string per_echo(Nanoseconds time, Result const& result) {
    std::uint64_t const echoes = result.meter.echoes();
    if (echoes == 0) return "no echo";
    return grouped(ratio(static_cast<double>(time), static_cast<double>(echoes))) + " ns an echo";
}

std::string percentiles(Histogram const& histogram) {
    struct Named {
        char const* name;
        double percent;
    };
    constexpr std::array<Named, 5> wanted{
        {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}};
    std::string text;
    for (Named const& one : wanted)
        text +=
            std::string(one.name) + " " + microseconds(histogram.percentile(one.percent)) + "  ";
    return text + "max " + microseconds(histogram.max());
}

std::string throughput(Result const& result) {
    double const window = seconds(result.meter.length());
    auto const echoes = static_cast<double>(result.meter.echoes());
    auto const bytes = static_cast<double>(result.meter.bytes());
    std::string text = grouped(ratio(echoes, window)) + " echoes/s, " +
                       decimal(ratio(bytes, window) / 1e6, 1) + " MB/s each way";
    if (result.options.mode == Mode::churn) {
        auto const made = static_cast<double>(result.connections_made);
        text += ", " + grouped(ratio(made, window)) + " connections/s";
    }
    return text;
}

std::string errors(Result const& result) {
    if (result.errors.total() == 0) return "none";
    std::string text;
    for (ErrorKind const kind : all_error_kinds) {
        if (result.errors.count(kind) == 0) continue;
        if (!text.empty()) text += ", ";
        text += grouped(result.errors.count(kind)) + " " + name_of(kind);
    }
    return text;
}

std::string processors(Result const& result) {
    Spent const& spent = result.spent;
    Nanoseconds const machine = spent.machine - result.spun;
    double const window = seconds(result.meter.length());
    std::string text = "load " + per_echo(own_work(result), result);
    if (spent.server) text += ", server " + per_echo(*spent.server, result);
    text += ", machine " + per_echo(machine, result) + "\n               busy:";
    for (Nanoseconds const time : spent.per_cpu)
        text += " " + decimal(100 * ratio(seconds(time), window), 1) + " %";
    text += " of the CPUs, steal " + decimal(seconds(spent.circumstances.steal), 3) + " s";
    return text;
}

std::string settings(Result const& result) {
    LoadOptions const& options = result.options;
    std::string text = std::string(name_of(options.mode)) + ", " +
                       grouped(std::uint64_t{options.connections}) + " connections, " +
                       options.sizes.text() + " bytes";
    if (options.mode == Mode::closed) text += ", depth " + std::to_string(options.depth);
    if (options.mode == Mode::open)
        text += ", " + decimal(options.rate, 3) + " a second, " + name_of(options.arrivals);
    if (options.idle > 0) text += ", " + grouped(std::uint64_t{options.idle}) + " idle";
    if (options.slow_readers > 0)
        text += ", " + grouped(std::uint64_t{options.slow_readers}) + " slow readers";
    return text;
}

} // namespace

Nanoseconds own_work(Result const& result) {
    return std::max<Nanoseconds>(result.spent.own - result.spun, 0);
}

bool client_bound(Result const& result) {
    return ratio(seconds(own_work(result)), seconds(result.meter.length())) > 0.9;
}

bool kept_up(Result const& result) {
    Meter const& meter = result.meter;
    // A lag is part of the latency that it delays, so it never hides one; but the tail has to be
    // the server's rather than ours.
    bool const on_time = meter.lag().percentile(99) * 3 <= meter.latency().percentile(99);
    auto const answered = static_cast<double>(meter.latency().count());
    return on_time && answered >= 0.99 * static_cast<double>(result.intended);
}

std::vector<std::string> remarks_on(Result const& result) {
    std::vector<std::string> remarks = result.remarks;
    LoadOptions const& options = result.options;
    if (result.interrupted) remarks.emplace_back("ended by a signal before its time");
    if (client_bound(result)) {
        remarks.emplace_back("bound by the client: its own core was busy for more than 90 % of the "
                             "window, so the throughput is what the client can do");
    }
    if (options.mode == Mode::open && !kept_up(result)) {
        remarks.push_back("did not keep up: " + grouped(result.meter.latency().count()) + " of " +
                          grouped(result.intended) +
                          " messages were answered, and the p99 of the lag in sending is " +
                          microseconds(result.meter.lag().percentile(99)) +
                          ", which should be below a third of the latency's");
    }
    if (options.mode == Mode::open && options.spin) {
        remarks.push_back("the client spun for " + decimal(seconds(result.spun), 3) +
                          " s to send on time, which is in busy_share_per_cpu, not in its CPU time "
                          "or the machine's");
    }
    bool const known = options.server_pid || !options.server_cgroup.empty();
    if (known && !result.spent.server)
        remarks.emplace_back("the server's CPU time could no longer be read at the end");
    if (result.spent.circumstances.retransmits > 0)
        remarks.emplace_back("TCP segments were sent again on this machine");
    return remarks;
}

std::string to_summary(Result const& result) {
    std::string text = "target         " + result.target + "\n";
    text += "load           " + settings(result) + "\n";
    text += "measured       " + decimal(seconds(result.meter.length()), 4) + " s, " +
            grouped(result.meter.echoes()) + " echoes, " + grouped(result.meter.bytes()) +
            " bytes\n";
    text += "throughput     " + throughput(result) + "\n";
    text += "latency        " + percentiles(result.meter.latency()) + "\n";
    if (result.options.mode == Mode::closed || result.options.mode == Mode::stream) {
        text += "               of a closed loop: no service latency, because a slow server is "
                "asked less often\n";
    }
    if (result.options.mode == Mode::open)
        text += "send lag       " + percentiles(result.meter.lag()) + "\n";
    text += "CPU            " + processors(result) + "\n";
    text += "errors         " + errors(result) + "\n";
    for (std::string const& remark : remarks_on(result))
        text += "remark         " + remark + "\n";
    return text;
}

} // namespace kodama::bench
