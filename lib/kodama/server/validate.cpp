#include <kodama/server/validate.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

#include <kodama/base/error.hpp>
#include <kodama/base/ids.hpp>
#include <kodama/base/parse.hpp>

namespace kodama {

namespace {

constexpr std::uint64_t gibibyte = 1ull << 30;

void require_range(std::string const& option, std::uint64_t value, std::uint64_t least,
                   std::uint64_t most) {
    if (value >= least && value <= most) return;
    throw OptionError(option + ": " + std::to_string(value) + " is out of range; " +
                      std::to_string(least) + " to " + std::to_string(most));
}

void require_duration(std::string const& option, std::chrono::nanoseconds value,
                      std::chrono::milliseconds most) {
    if (value >= std::chrono::nanoseconds(0) && value <= most) return;
    throw OptionError(option + ": " + std::to_string(value.count()) + " ns is out of range; 0 to " +
                      print_duration(most));
}

std::uint64_t bytes_of(BufferCount buffers) { return std::uint64_t{buffers.count} * buffers.size; }

} // namespace

void validate(Options const& options) {
    if (options.listen.empty()) throw OptionError("listen: nowhere to listen; name an endpoint");
    require_range("workers", options.workers, 0, 1024);
    require_range("max_connections", options.max_connections, 1, slots_max);
    require_range("max_outgoing", options.max_outgoing, 0, slots_max);
    require_range("max_connections and max_outgoing together",
                  std::uint64_t{options.max_connections} + options.max_outgoing, 1, slots_max);
    require_range("backlog", options.backlog, 1, 65535);
    require_range("buffers.count", options.buffers.count, 1, 32768);
    require_range("buffers.size", options.buffers.size, 64, 1u << 20);
    require_range("buffers (count x size)", bytes_of(options.buffers), 64, gibibyte);
    require_range("max_pending", options.max_pending, 1, gibibyte);
    require_range("inbox.calls", options.inbox.calls, 1, 1u << 20);
    require_range("inbox.bytes", options.inbox.bytes, 0, gibibyte);
    require_range("shared_sends", options.shared_sends, 0, 1u << 24);
    if (options.max_pending_total != 0) {
        require_range("max_pending_total", options.max_pending_total, 4096, 1024 * gibibyte);
    }
    // TCP_USER_TIMEOUT is an int of milliseconds.
    constexpr std::chrono::hours longest = std::chrono::hours(24 * 24);
    require_duration("idle_timeout", options.idle_timeout, longest);
    require_duration("send_timeout", options.send_timeout, longest);
    if (options.send_timeout > std::chrono::nanoseconds(0) &&
        options.send_timeout < std::chrono::milliseconds(1)) {
        throw OptionError("send_timeout: " + std::to_string(options.send_timeout.count()) +
                          " ns is out of range; 0, or 1ms to " + print_duration(longest));
    }
    require_duration("linger_timeout", options.linger_timeout, std::chrono::hours(1));
    if (options.busy_poll) {
        require_duration("busy_poll", *options.busy_poll, std::chrono::hours(1));
    }
    require_duration("batch_wait", options.batch_wait, std::chrono::milliseconds(10));
    require_duration("drain_timeout", options.drain_timeout, std::chrono::hours(24));
}

FeatureSet disabled_features(Options const& options) {
    FeatureSet disabled = options.disabled;
    if (char const* const names = std::getenv("KODAMA_DISABLE")) {
        disabled.add(parse_features("KODAMA_DISABLE", names));
    }
    return disabled;
}

} // namespace kodama
