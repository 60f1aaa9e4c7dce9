#include <bench/load/report.hpp>

#include <algorithm>

#include <bench/harness/json.hpp>

namespace kodama::bench {

namespace {

double seconds(Nanoseconds time) { return static_cast<double>(time) / 1e9; }

double microseconds(std::uint64_t time) { return static_cast<double>(time) / 1e3; }

double ratio(double one, double other) { return other > 0 ? one / other : 0.0; }

void add_settings(JsonWriter& json, Result const& result) {
    LoadOptions const& options = result.options;
    json.open_object("settings")
        .text("mode", name_of(options.mode))
        .count("connections", options.connections)
        .text("size", options.sizes.text())
        .count("depth", options.depth);
    if (options.duration) {
        json.number("duration_s", seconds(*options.duration));
    } else {
        json.null("duration_s");
    }
    json.number("warm_up_s", options.count ? 0.0 : seconds(options.warm_up));
    if (options.count) {
        json.count("count", *options.count);
    } else {
        json.null("count");
    }
    if (options.mode == Mode::open) {
        json.number("rate", options.rate)
            .text("arrivals", name_of(options.arrivals))
            .text("wait", options.spin ? "spin" : "sleep");
    } else {
        json.null("rate").null("arrivals").null("wait");
    }
    json.count("idle", options.idle)
        .count("slow_readers", options.slow_readers)
        .count("seed", options.seed);
    if (options.mode == Mode::stream) {
        json.count("window_bytes", options.window);
    } else {
        json.null("window_bytes");
    }
    json.text("congestion", result.congestion).close_object();
}

void add_volume(JsonWriter& json, Result const& result) {
    Meter const& meter = result.meter;
    double const window = seconds(meter.length());
    auto const connections = static_cast<double>(result.connections_made);
    json.number("window_s", window)
        .count("echoes", meter.echoes())
        .count("bytes", meter.bytes())
        .count("connections_made", result.connections_made)
        .number("echoes_per_s", ratio(static_cast<double>(meter.echoes()), window))
        .number("bytes_per_s", ratio(static_cast<double>(meter.bytes()), window))
        .number("connections_per_s", ratio(connections, window));
}

void add_percentile(JsonWriter& json, char const* name, Histogram const& histogram,
                    double percent) {
    json.number(name, microseconds(histogram.percentile(percent)));
}

void add_latency(JsonWriter& json, Result const& result) {
    Histogram const& latency = result.meter.latency();
    json.open_object("latency_us").count("count", latency.count());
    json.number("mean", latency.mean() / 1e3);
    add_percentile(json, "p50", latency, 50);
    add_percentile(json, "p90", latency, 90);
    add_percentile(json, "p99", latency, 99);
    add_percentile(json, "p99_9", latency, 99.9);
    add_percentile(json, "p99_99", latency, 99.99);
    json.number("max", microseconds(latency.max())).close_object();

    json.open_array("latency_histogram_us");
    latency.for_each_bucket([&](std::uint64_t upper_edge, std::uint64_t count) {
        json.open_array().number({}, microseconds(upper_edge)).count({}, count).close_array();
    });
    json.close_array();
}

void add_lag(JsonWriter& json, Result const& result) {
    if (result.options.mode != Mode::open) {
        json.null("send_lag_us").null("kept_up").null("intended");
        return;
    }
    Histogram const& lag = result.meter.lag();
    json.open_object("send_lag_us");
    add_percentile(json, "p50", lag, 50);
    add_percentile(json, "p99", lag, 99);
    json.number("max", microseconds(lag.max())).close_object();
    json.flag("kept_up", kept_up(result)).count("intended", result.intended);
}

void add_errors(JsonWriter& json, Result const& result) {
    json.open_object("errors");
    for (ErrorKind const kind : all_error_kinds)
        json.count(name_of(kind), result.errors.count(kind));
    json.close_object();
}

void add_cpu(JsonWriter& json, Result const& result) {
    Spent const& spent = result.spent;
    double const window = seconds(result.meter.length());
    auto const echoes = static_cast<double>(result.meter.echoes());
    auto const per_echo = [&](Nanoseconds time) {
        return ratio(static_cast<double>(time), echoes);
    };
    Nanoseconds const own = own_work(result);
    Nanoseconds const machine = std::max<Nanoseconds>(spent.machine - result.spun, 0);
    json.open_object("cpu")
        .number("client_s", seconds(own))
        .number("client_share", ratio(seconds(own), window))
        .number("client_ns_per_echo", per_echo(own))
        .number("client_spin_s", seconds(result.spun));
    if (spent.server) {
        json.number("server_s", seconds(*spent.server))
            .number("server_ns_per_echo", per_echo(*spent.server));
    } else {
        json.null("server_s").null("server_ns_per_echo");
    }
    json.number("machine_s", seconds(machine))
        .number("machine_ns_per_echo", per_echo(machine))
        .open_array("busy_share_per_cpu");
    for (Nanoseconds const time : spent.per_cpu)
        json.number({}, ratio(seconds(time), window));
    json.close_array()
        .number("steal_s", seconds(spent.circumstances.steal))
        .text("source", spent.exact ? "cpuacct" : "proc_stat")
        .close_object();
}

} // namespace

std::string to_json(Result const& result) {
    JsonWriter json;
    json.open_object()
        .text("program", "kodama-load")
        .text("version", load_version())
        .text("target", result.target);
    add_settings(json, result);
    add_volume(json, result);
    add_latency(json, result);
    add_lag(json, result);
    add_errors(json, result);
    add_cpu(json, result);
    json.open_object("tcp")
        .count("retransmits", result.spent.circumstances.retransmits)
        .close_object();
    json.flag("client_bound", client_bound(result)).open_array("remarks");
    for (std::string const& remark : remarks_on(result))
        json.text({}, remark);
    return json.close_array().close_object().result();
}

} // namespace kodama::bench
