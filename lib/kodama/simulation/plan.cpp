#include <kodama/simulation/plan.hpp>

#include <algorithm>
#include <array>

namespace kodama::simulation {

namespace {

using namespace std::chrono_literals;

// The first is the most benign.
constexpr std::array<std::uint32_t, 7> slots{32, 1, 2, 3, 4, 8, 16};
constexpr std::array<std::uint32_t, 4> backlogs{8, 1, 2, 64};
constexpr std::array<std::uint32_t, 7> buffer_counts{32, 1, 2, 3, 4, 8, 16};
constexpr std::array<std::uint32_t, 5> buffer_sizes{512, 1, 7, 64, 4096};
constexpr std::array<std::uint32_t, 6> pending_limits{65536, 1, 10, 100, 1000, 8000};
// Blocks of memory for unsent bytes beyond what one connection needs.
constexpr std::array<std::uint32_t, 4> spare_blocks{64, 0, 1, 3};
constexpr std::array<std::uint32_t, 4> warm_bytes{2u << 20, 2u << 20, 100, 10000};
constexpr std::array<std::uint32_t, 5> few_buffers{Circulation::usual_few, 1, 2, 3, 4};
constexpr std::array<Duration, 5> batch_waits{Batching::usual_patience, 0ms, 1us, 1ms, 10ms};
constexpr std::array<std::uint32_t, 5> batch_windows{Batching::usual_window, 4, 8, 16, 30};
constexpr std::array<std::uint32_t, 5> entry_counts{64, 1, 2, 4, 8};
constexpr std::array<std::uint32_t, 6> completion_counts{256, 1, 2, 4, 8, 16};
constexpr std::array<std::uint32_t, 7> windows{65536, 1, 10, 100, 1000, 4096, 10000};
constexpr std::array<Duration, 5> idle_timeouts{Duration::zero(), Duration::zero(), 1ms, 30ms, 2s};
constexpr std::array<Duration, 4> linger_timeouts{200ms, 0ms, 1ms, 2s};
constexpr std::array<Duration, 4> drain_timeouts{1h, 1h, 100ms, 0ms};

template <class T, std::size_t size>
T pick(Tape& tape, Choice choice, std::array<T, size> const& from) {
    return from[tape.draw(choice, whole_run, size - 1)];
}

FeatureSet draw_features(Tape& tape) {
    constexpr std::array optional{Feature::direct_descriptors, Feature::multishot_receive,
                                  Feature::multishot_accept, Feature::defer_taskrun,
                                  Feature::silent_sends};
    FeatureSet features = FeatureSet::all();
    std::uint32_t const missing =
        tape.draw(Choice::features, whole_run, (1u << optional.size()) - 1);
    for (std::size_t i = 0; i < optional.size(); ++i) {
        if ((missing >> i & 1) != 0) features.remove(optional[i]);
    }
    return features;
}

WorkerLimits draw_limits(Tape& tape) {
    constexpr std::size_t block = 4096; // of memory for unsent bytes, in the worker
    WorkerLimits limits;
    limits.max_connections = pick(tape, Choice::slots, slots);
    limits.backlog = pick(tape, Choice::backlog, backlogs);
    limits.buffer_count = pick(tape, Choice::buffers, buffer_counts);
    limits.buffer_size = pick(tape, Choice::buffer_size, buffer_sizes);
    limits.max_pending = pick(tape, Choice::max_pending, pending_limits);
    // As the server's options are checked: what one blocked connection may hold has to fit.
    std::size_t const needed = limits.max_pending +
                               std::size_t{limits.buffer_count} * limits.buffer_size +
                               block * (limits.buffer_count + 1);
    limits.pending_total = needed + block * pick(tape, Choice::pending_total, spare_blocks);
    // As short as the others.
    limits.inbox_errands = limits.backlog;
    limits.inbox_bytes = std::size_t{limits.backlog} * limits.buffer_size;
    limits.shared_pieces = limits.buffer_count - 1;
    limits.warm_bytes = pick(tape, Choice::warm_bytes, warm_bytes);
    limits.idle_timeout = pick(tape, Choice::idle_timeout, idle_timeouts);
    limits.linger_timeout = pick(tape, Choice::linger_timeout, linger_timeouts);
    return limits;
}

} // namespace

Plan draw_plan(Tape& tape) {
    Plan plan;
    plan.features = draw_features(tape);
    plan.limits = draw_limits(tape);
    plan.ring.features = plan.features;
    plan.ring.entries = pick(tape, Choice::entries, entry_counts);
    plan.ring.completions =
        std::max(plan.ring.entries, pick(tape, Choice::completions, completion_counts));
    std::array const descriptors{2 * plan.limits.max_connections, plan.limits.max_connections,
                                 (plan.limits.max_connections + 1) / 2, 1u};
    plan.ring.descriptors = pick(tape, Choice::descriptors, descriptors);
    plan.windows.inbound = pick(tape, Choice::receive_window, windows);
    plan.windows.outbound = pick(tape, Choice::send_window, windows);
    plan.peers = 1 + tape.draw(Choice::peers, whole_run, 7);
    // In half of the runs.
    std::uint32_t const common = tape.draw(Choice::behaviour, whole_run, 2 * behaviour_max + 1);
    if (common > 0 && common <= behaviour_max) plan.behaviour = static_cast<Behaviour>(common);
    // In a third of the runs.
    constexpr auto deaf = static_cast<std::uint32_t>(Stay::deaf);
    std::uint32_t const stay = tape.draw(Choice::stays, whole_run, 3 * deaf);
    if (stay > 0 && stay <= deaf) plan.stay = static_cast<Stay>(stay);
    plan.listeners = 1 + tape.draw(Choice::peers, whole_run, 1);
    // A run through the eye of a needle has less to carry, so that all take about equally long.
    constexpr std::size_t steps = 30;
    plan.most_bytes =
        static_cast<std::uint32_t>(steps * std::min({std::size_t{plan.limits.buffer_size},
                                                     plan.windows.inbound, plan.windows.outbound}));
    plan.length = 20 + tape.draw(Choice::length, whole_run, 150);
    plan.ending = static_cast<Ending>(
        tape.draw(Choice::ending, whole_run, static_cast<std::uint32_t>(Ending::drain_then_stop)));
    plan.drain_timeout = pick(tape, Choice::ending, drain_timeouts);
    plan.limits.batch_wait = pick(tape, Choice::batch_wait, batch_waits);
    plan.limits.batch_window = pick(tape, Choice::batch_window, batch_windows);
    plan.limits.few_buffers = pick(tape, Choice::few_buffers, few_buffers);
    return plan;
}

} // namespace kodama::simulation
