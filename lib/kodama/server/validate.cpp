#include <kodama/server/validate.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include <kodama/base/error.hpp>
#include <kodama/base/ids.hpp>

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
                      std::chrono::hours most) {
    if (value >= std::chrono::nanoseconds(0) && value <= most) return;
    throw OptionError(option + ": " + std::to_string(value.count()) + " ns is out of range; 0 to " +
                      std::to_string(most.count()) + " h");
}

std::uint64_t bytes_of(BufferCount buffers) { return std::uint64_t{buffers.count} * buffers.size; }

std::uint32_t divide_rounding_up(std::uint32_t value, std::size_t by) {
    auto const divisor = static_cast<std::uint32_t>(by);
    return (value + divisor - 1) / divisor;
}

} // namespace

void validate(Options const& options) {
    if (options.listen.empty()) throw OptionError("listen: nowhere to listen; name an endpoint");
    require_range("workers", options.workers, 0, 1024);
    require_range("max_connections", options.max_connections, 1, slots_max);
    require_range("backlog", options.backlog, 1, 65535);
    require_range("buffers.count", options.buffers.count, 1, 32768);
    require_range("buffers.size", options.buffers.size, 64, 1u << 20);
    require_range("buffers (count x size)", bytes_of(options.buffers), 64, gibibyte);
    require_range("max_pending", options.max_pending, 1, gibibyte);
    require_range("max_pending_total", options.max_pending_total, 4096, 1024 * gibibyte);
    require_duration("linger_timeout", options.linger_timeout, std::chrono::hours(1));
    require_duration("drain_timeout", options.drain_timeout, std::chrono::hours(24));
}

WorkerLimits share_of(Options const& options, std::size_t worker_count) {
    WorkerLimits limits;
    limits.max_connections = divide_rounding_up(options.max_connections, worker_count);
    limits.backlog = options.backlog;
    limits.buffer_count = options.buffers.count;
    limits.buffer_size = options.buffers.size;
    limits.max_pending = options.max_pending;
    limits.pending_total = options.max_pending_total / worker_count;
    limits.linger_timeout = options.linger_timeout;

    // What one blocked connection may hold must fit, or it could never be moved out of the way of
    // the others: what it had before it stopped being read, all receive buffers that were on their
    // way, and a part of a block for each of them.
    constexpr std::uint64_t block = 4096;
    std::uint64_t const needed = options.max_pending + bytes_of(options.buffers) +
                                 block * (std::uint64_t{options.buffers.count} + 1);
    if (limits.pending_total < needed) {
        throw OptionError("max_pending_total: " + std::to_string(options.max_pending_total) +
                          " is too small; " + std::to_string(worker_count) +
                          " workers need at least " + std::to_string(needed * worker_count) +
                          " (max_pending, and the receive buffers with a block of 4096 for each)");
    }
    return limits;
}

} // namespace kodama
