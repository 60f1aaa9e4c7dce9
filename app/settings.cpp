#include <app/settings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <kodama/net/endpoint.hpp>

namespace app {

namespace {

using kodama::Options;
using std::string;

bool set_number(std::uint32_t& member, string const& text) {
    std::optional<std::uint64_t> const value = kodama::parse_unsigned(text);
    if (!value || *value > std::numeric_limits<std::uint32_t>::max()) return false;
    member = static_cast<std::uint32_t>(*value);
    return true;
}

bool set_size(std::size_t& member, string const& text) {
    std::optional<std::uint64_t> const size = kodama::parse_size(text);
    if (size) member = *size;
    return size.has_value();
}

bool set_duration(std::chrono::nanoseconds& member, string const& text) {
    std::optional<std::chrono::nanoseconds> const duration = kodama::parse_duration(text);
    if (duration) member = *duration;
    return duration.has_value();
}

bool set_busy_poll(Options& options, string const& text) {
    options.busy_poll.reset();
    return text == "auto" || set_duration(options.busy_poll.emplace(), text);
}

bool set_workers(Options& options, string const& text) {
    options.workers = 0;
    return text == "auto" || (set_number(options.workers, text) && options.workers != 0);
}

bool set_buffers(Options& options, string const& text) {
    std::size_t const x = text.find('x');
    if (x == string::npos) return false;
    std::size_t size = 0;
    if (!set_number(options.buffers.count, text.substr(0, x))) return false;
    if (!set_size(size, text.substr(x + 1))) return false;
    if (size > std::numeric_limits<std::uint32_t>::max()) return false;
    options.buffers.size = static_cast<std::uint32_t>(size);
    return true;
}

bool disable(Options& options, string const& text) {
    if (text.empty()) throw kodama::OptionError("--disable: needs a value");
    options.disabled.add(kodama::parse_features("--disable", text));
    return true;
}

bool listen(Options& options, string const& text) {
    // The library reads it again; here it is checked under the option's own name.
    static_cast<void>(kodama::parse_endpoint("--listen", text));
    options.listen.push_back(text);
    return true;
}

std::vector<Setting> listening_settings(Options const& defaults) {
    return {
        {"listen", "ENDPOINT", "where to listen; repeat it for more", nullptr, listen, true,
         defaults.listen.front()},
        {"workers", "N|auto",
         "threads; auto is one for each core that the affinity mask and the cgroup's quota allow",
         "a number from 1 to 1024 or auto", set_workers, false, "auto"},
        {"disable", "FEATURE",
         "do without a feature that the kernel has; repeat it or write a,b for more", nullptr,
         disable, true, ""},
        {"max-connections", "N",
         "connections of the whole server, lowered to what the limit of descriptors allows",
         "a number from 1 to 1048576",
         [](Options& o, string const& text) { return set_number(o.max_connections, text); }, false,
         std::to_string(defaults.max_connections)},
        {"backlog", "N", "connections that wait to be accepted, for each listening socket",
         "a number from 1 to 65535",
         [](Options& o, string const& text) { return set_number(o.backlog, text); }, false,
         std::to_string(defaults.backlog)},
    };
}

std::vector<Setting> memory_settings(Options const& defaults) {
    string const buffers =
        std::to_string(defaults.buffers.count) + "x" + kodama::print_size(defaults.buffers.size);
    return {
        {"buffers", "COUNTxSIZE", "receive buffers of each worker",
         "1x64 to 32768x1M, and not more than 1G in all", set_buffers, false, buffers},
        {"max-pending", "SIZE",
         "bytes a connection may hold that its peer makes no room for, before the peer stops being "
         "read",
         "a size from 1 to 1G",
         [](Options& o, string const& text) { return set_size(o.max_pending, text); }, false,
         kodama::print_size(defaults.max_pending)},
        {"max-pending-total", "SIZE",
         "unsent bytes of all connections together; beyond it, the connection blocked longest is "
         "reset; 0 is 256M, or more where many workers need it",
         "0 or a size from 4K to 1T",
         [](Options& o, string const& text) { return set_size(o.max_pending_total, text); }, false,
         kodama::print_size(defaults.max_pending_total)},
    };
}

std::vector<Setting> time_settings(Options const& defaults) {
    return {
        {"busy-poll", "DURATION|auto",
         "look for something to do for so long before sleeping; auto is 30us, while that is found "
         "to take no more CPU time; 0 is not at all",
         "a duration from 0 to 1h or auto", set_busy_poll, false, "auto"},
        {"batch-wait", "DURATION",
         "let a message wait for others for so long where the core hardly keeps up; 0 is never",
         "a duration from 0 to 10ms",
         [](Options& o, string const& text) { return set_duration(o.batch_wait, text); }, false,
         kodama::print_duration(defaults.batch_wait)},
        {"idle-timeout", "DURATION",
         "close a connection on which nothing came or went for so long; 0 is never",
         "a duration from 0 to 576h",
         [](Options& o, string const& text) { return set_duration(o.idle_timeout, text); }, false,
         kodama::print_duration(defaults.idle_timeout)},
        {"send-timeout", "DURATION",
         "drop a peer that acknowledges nothing for so long; 0 is the system's own limit",
         "0 or a duration from 1ms to 576h",
         [](Options& o, string const& text) { return set_duration(o.send_timeout, text); }, false,
         kodama::print_duration(defaults.send_timeout)},
        {"linger-timeout", "DURATION", "wait for a peer's FIN for so long after ours",
         "a duration from 0 to 1h",
         [](Options& o, string const& text) { return set_duration(o.linger_timeout, text); }, false,
         kodama::print_duration(defaults.linger_timeout)},
        {"drain-timeout", "DURATION", "how long to drain before what is left is reset",
         "a duration from 0 to 24h",
         [](Options& o, string const& text) { return set_duration(o.drain_timeout, text); }, false,
         kodama::print_duration(defaults.drain_timeout)},
    };
}

} // namespace

std::vector<Setting> all_settings() {
    Options const defaults;
    std::vector<Setting> settings = listening_settings(defaults);
    for (Setting& setting : memory_settings(defaults))
        settings.push_back(std::move(setting));
    for (Setting& setting : time_settings(defaults))
        settings.push_back(std::move(setting));
    return settings;
}

} // namespace app
