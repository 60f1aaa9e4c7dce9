#include <bench/load/measurement.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

std::optional<Nanoseconds> server_cpu_ns(LoadOptions const& options) {
    if (options.server_pid) return process_cpu_ns(*options.server_pid);
    if (!options.server_cgroup.empty()) return cgroup_cpu_ns(options.server_cgroup);
    return std::nullopt;
}

} // namespace

Reading read_clocks(LoadOptions const& options) {
    Reading reading{.own = own_cpu_ns(), .server = server_cpu_ns(options)};
    if (auto exact = exact_busy_times()) {
        reading.per_cpu = std::move(*exact);
        reading.exact = true;
    } else {
        reading.per_cpu = machine_times().busy;
    }
    return reading;
}

Circumstances read_circumstances() {
    return {.steal = machine_times().steal, .retransmits = tcp_retransmits()};
}

void require_server_clock(LoadOptions const& options) {
    if (server_cpu_ns(options)) return;
    if (options.server_pid) {
        throw OptionError("--server-pid: there is no process " +
                          std::to_string(*options.server_pid));
    }
    if (!options.server_cgroup.empty()) {
        throw OptionError("--server-cgroup: " + quoted(options.server_cgroup) +
                          " is not the folder of a control group, with cpuacct.usage or cpu.stat");
    }
}

Spent spent_between(Reading const& from, Reading const& to) {
    Spent spent{.own = to.own - from.own, .exact = from.exact && to.exact};
    if (from.server && to.server) spent.server = *to.server - *from.server;
    std::size_t const cpus = std::min(from.per_cpu.size(), to.per_cpu.size());
    for (std::size_t cpu = 0; cpu < cpus; ++cpu)
        spent.per_cpu.push_back(to.per_cpu[cpu] - from.per_cpu[cpu]);
    spent.machine = std::accumulate(spent.per_cpu.begin(), spent.per_cpu.end(), Nanoseconds{0});
    return spent;
}

} // namespace kodama::bench
