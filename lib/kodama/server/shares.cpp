#include <kodama/server/shares.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

#include <kodama/base/error.hpp>

namespace kodama {

namespace {

constexpr std::uint64_t usual_pending_total = std::uint64_t{256} << 20;

std::uint32_t divide_rounding_up(std::uint32_t value, std::size_t by) {
    auto const divisor = static_cast<std::uint32_t>(by);
    return (value + divisor - 1) / divisor;
}

// What one blocked connection may hold must fit, or it could never be moved out of the way of the
// others: what it had before it stopped being read, all receive buffers that were on their way, and
// a part of a block for each of them.
std::uint64_t least_pending(Options const& options) {
    constexpr std::uint64_t block = 4096;
    std::uint64_t const buffers = std::uint64_t{options.buffers.count} * options.buffers.size;
    return options.max_pending + buffers + block * (std::uint64_t{options.buffers.count} + 1);
}

} // namespace

WorkerLimits share_of(Options const& options, std::size_t worker_count) {
    WorkerLimits limits;
    limits.max_connections = divide_rounding_up(options.max_connections, worker_count);
    limits.max_outgoing = divide_rounding_up(options.max_outgoing, worker_count);
    limits.backlog = options.backlog;
    limits.buffer_count = options.buffers.count;
    limits.buffer_size = options.buffers.size;
    limits.max_pending = options.max_pending;
    std::uint64_t const needed = least_pending(options);
    limits.pending_total = options.max_pending_total != 0
                               ? options.max_pending_total / worker_count
                               : std::max(usual_pending_total / worker_count, 2 * needed);
    // Who burns a core for the sake of latency does not make anybody wait.
    limits.busy_poll = options.busy_poll;
    bool const polls_busily = options.busy_poll.value_or(Duration::zero()) > Duration::zero();
    limits.batch_wait = polls_busily ? Duration::zero() : options.batch_wait;
    limits.linger_timeout = options.linger_timeout;
    limits.idle_timeout = options.idle_timeout;
    limits.send_timeout = options.send_timeout;
    limits.inbox_errands = options.inbox.calls;
    limits.inbox_bytes = options.inbox.bytes;
    limits.shared_pieces = options.shared_sends;

    if (limits.pending_total < needed) {
        throw OptionError("max_pending_total: " + std::to_string(options.max_pending_total) +
                          " is too small; " + std::to_string(worker_count) +
                          " workers need at least " + std::to_string(needed * worker_count) +
                          " (max_pending, and the receive buffers with a block of 4096 for each)");
    }
    return limits;
}

} // namespace kodama
