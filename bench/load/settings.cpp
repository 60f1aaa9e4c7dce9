#include <bench/load/settings.hpp>

#include <charconv>
#include <chrono>
#include <limits>

#include <bench/harness/target.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

using std::string;

constexpr std::uint64_t connections_max = 1'000'000;

template <class T>
bool set_number(T& member, string const& text, std::uint64_t least, std::uint64_t most) {
    std::optional<std::uint64_t> const value = parse_unsigned(text);
    if (!value || *value < least || *value > most) return false;
    member = static_cast<T>(*value);
    return true;
}

bool set_duration(Nanoseconds& member, string const& text, Nanoseconds least, Nanoseconds most) {
    std::optional<std::chrono::nanoseconds> const value = parse_duration(text);
    if (!value || value->count() < least || value->count() > most) return false;
    member = value->count();
    return true;
}

bool set_rate(double& member, string const& text) {
    double value = 0;
    char const* const end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || stop != end || !(value >= 0.1 && value <= 1e8)) return false;
    member = value;
    return true;
}

constexpr Nanoseconds millisecond = 1'000'000;
constexpr Nanoseconds day = 86'400'000'000'000;

void add_amounts(std::vector<Setting>& settings, Asked& asked) {
    LoadOptions& o = asked.options;
    settings.push_back(
        {"connections", "N", "connections that echo",
         "a number from 1 to " + std::to_string(connections_max), "1",
         [&](string const& text) { return set_number(o.connections, text, 1, connections_max); }});
    settings.push_back({"size", "SPEC", "bytes of a message",
                        "a size up to 64M, a list of sizes (64,4K) to take in turn, or a range "
                        "(64-4096) to draw from",
                        "64", [&](string const& text) {
                            auto const sizes = Sizes::parse(text);
                            if (sizes) o.sizes = *sizes;
                            return sizes.has_value();
                        }});
    settings.push_back({"depth", "N", "messages in flight on one connection",
                        "a number from 1 to 65536", "1", [&](string const& text) {
                            asked.depth = true;
                            return set_number(o.depth, text, 1, 65536);
                        }});
    settings.push_back({"duration", "DURATION", "how long to measure", "a duration from 1ms to 24h",
                        "10s", [&](string const& text) {
                            asked.duration = true;
                            Nanoseconds duration = 0;
                            bool const good = set_duration(duration, text, millisecond, day);
                            o.duration = duration;
                            return good;
                        }});
    settings.push_back({"warm-up", "DURATION", "how long to run before measuring",
                        "a duration from 0 to 24h", "1s",
                        [&](string const& text) { return set_duration(o.warm_up, text, 0, day); }});
    settings.push_back({"count", "N",
                        "echo exactly so often in all, then end; no warm-up then, and no limit of "
                        "time unless --duration gives one",
                        "a number from 1 to 2^63", "", [&](string const& text) {
                            std::uint64_t count = 0;
                            bool const good = set_number(count, text, 1, std::uint64_t{1} << 63);
                            o.count = count;
                            return good;
                        }});
}

void add_modes(std::vector<Setting>& settings, Asked& asked) {
    LoadOptions& o = asked.options;
    settings.push_back({"rate", "R",
                        "open loop: send so many messages a second over all connections, whether "
                        "or not answers come; latency counts from when a message was to be sent",
                        "a number from 0.1 to 100000000", "", [&](string const& text) {
                            asked.rate = true;
                            return set_rate(o.rate, text);
                        }});
    settings.push_back({"arrivals", "KIND", "of the open loop: how messages are spread in time",
                        "constant or poisson", "constant", [&](string const& text) {
                            asked.arrivals = true;
                            o.arrivals = text == "poisson" ? Arrivals::poisson : Arrivals::constant;
                            return text == "poisson" || text == "constant";
                        }});
    settings.push_back({"wait", "HOW",
                        "of the open loop: spin, which keeps a core busy and sends on time, or "
                        "sleep until the next message is due",
                        "spin or sleep", "spin", [&](string const& text) {
                            asked.wait = true;
                            o.spin = text == "spin";
                            return text == "spin" || text == "sleep";
                        }});
    settings.push_back({"churn", nullptr,
                        "a connection for each message: connect, one echo, close in order; "
                        "--connections is how many at once",
                        "", "", [&](string const&) { return asked.churn = true; }});
    settings.push_back({"stream", nullptr,
                        "each connection writes on without waiting for what comes back; --size is "
                        "that of a write",
                        "", "", [&](string const&) { return asked.stream = true; }});
    settings.push_back({"window", "SIZE",
                        "of the stream: bytes that may be unanswered on a connection (and at most "
                        "4096 writes)",
                        "a size from 1 to 1G", "1M", [&](string const& text) {
                            asked.window = true;
                            auto const size = parse_size(text);
                            o.window = size.value_or(0);
                            return o.window >= 1 && o.window <= std::uint64_t{1} << 30;
                        }});
}

void add_company(std::vector<Setting>& settings, Asked& asked) {
    LoadOptions& o = asked.options;
    settings.push_back(
        {"idle", "N", "connections more, that stay open and say nothing",
         "a number from 0 to " + std::to_string(connections_max), "0",
         [&](string const& text) { return set_number(o.idle, text, 0, connections_max); }});
    settings.push_back(
        {"slow-readers", "N", "connections more, that send and never read",
         "a number from 0 to " + std::to_string(connections_max), "0",
         [&](string const& text) { return set_number(o.slow_readers, text, 0, connections_max); }});
    settings.push_back({"source-addresses", "N",
                        "connect from so many addresses of 127.0.0.0/8, if the target is there",
                        "a number from 1 to " + std::to_string(source_addresses_max),
                        "as many as ports need", [&](string const& text) {
                            return set_number(o.source_addresses, text, 1, source_addresses_max);
                        }});
    settings.push_back({"congestion", "NAME", "congestion control of our sockets", "a name",
                        "the system's", [&](string const& text) {
                            o.congestion = text;
                            return !text.empty();
                        }});
    settings.push_back(
        {"timeout", "DURATION", "an answer of which nothing comes for so long has timed out",
         "a duration from 1ms to 24h", "5s",
         [&](string const& text) { return set_duration(o.timeout, text, millisecond, day); }});
}

void add_measuring(std::vector<Setting>& settings, Asked& asked) {
    LoadOptions& o = asked.options;
    settings.push_back({"server-pid", "PID", "tell this process's CPU time too",
                        "the number of a process", "", [&](string const& text) {
                            pid_t pid = 0;
                            bool const good =
                                set_number(pid, text, 1, std::numeric_limits<pid_t>::max());
                            o.server_pid = pid;
                            return good;
                        }});
    settings.push_back({"server-cgroup", "FOLDER",
                        "tell the CPU time of this control group, of version 1 (cpuacct) or 2",
                        "a folder", "", [&](string const& text) {
                            o.server_cgroup = text;
                            return !text.empty();
                        }});
    settings.push_back({"pin-cpu", "N", "run on this CPU alone", "a number from 0 to 1023", "",
                        [&](string const& text) {
                            std::uint32_t cpu = 0;
                            bool const good = set_number(cpu, text, 0, 1023);
                            o.pin_cpu = cpu;
                            return good;
                        }});
    settings.push_back({"seed", "N", "of payload, sizes and arrivals", "a number below 2^64", "1",
                        [&](string const& text) {
                            return set_number(o.seed, text, 0,
                                              std::numeric_limits<std::uint64_t>::max());
                        }});
    settings.push_back({"json", nullptr, "print one JSON object instead of a summary", "", "",
                        [&](string const&) { return o.json = true; }});
}

} // namespace

std::vector<Setting> all_settings(Asked& asked) {
    std::vector<Setting> settings;
    add_amounts(settings, asked);
    add_modes(settings, asked);
    add_company(settings, asked);
    add_measuring(settings, asked);
    return settings;
}

} // namespace kodama::bench
