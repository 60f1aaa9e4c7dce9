// Time that passed, and time that processors spent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <time.h>

#include <sys/types.h>

namespace kodama::bench {

using Nanoseconds = std::int64_t;

// Since some moment in the past.
[[nodiscard]] inline Nanoseconds steady_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * Nanoseconds{1'000'000'000} + now.tv_nsec;
}

// CPU time of this process, exact to the moment.
[[nodiscard]] Nanoseconds own_cpu_ns() noexcept;

// CPU time of another process, its ended threads included, exact to the moment.
// (/proc/PID/schedstat lags behind by up to a tick while the process runs.) Nothing when there is
// no such process.
[[nodiscard]] std::optional<Nanoseconds> process_cpu_ns(pid_t process) noexcept;

// CPU time of the processes of a control group, of version 1 (cpuacct) or 2, by its folder.
[[nodiscard]] std::optional<Nanoseconds> cgroup_cpu_ns(std::string const& folder);

// What the processors did, kernel threads and interrupts included.
struct MachineTimes {
    std::vector<Nanoseconds> busy; // of each CPU that is online
    Nanoseconds steal = 0;         // what the hypervisor gave to others
};

// From /proc/stat, which counts in ticks of 10 ms, and takes the kernel a while.
[[nodiscard]] MachineTimes machine_times();

// The busy times alone, in nanoseconds, from cpuacct (version 1), which is fast. Nothing where it
// is not mounted.
[[nodiscard]] std::optional<std::vector<Nanoseconds>> exact_busy_times();

// TCP segments that this machine sent again, since it started.
[[nodiscard]] std::uint64_t tcp_retransmits();

// What the above read from: for tests, and for machines that mount things elsewhere.
[[nodiscard]] MachineTimes parse_proc_stat(std::string const& text, Nanoseconds tick);
[[nodiscard]] std::uint64_t parse_retransmits(std::string const& proc_net_snmp);
[[nodiscard]] std::optional<Nanoseconds> parse_cpu_stat(std::string const& cpu_stat);

} // namespace kodama::bench
