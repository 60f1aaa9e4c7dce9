// How many CPUs there are for us, and which.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kodama {

// The CPUs that the calling thread may run on, in ascending order. Throws SetupError when the
// system does not tell.
[[nodiscard]] std::vector<int> allowed_cpus();

// As many as the calling thread may run on, and not more than the cgroup's quota of CPU time keeps
// busy: more workers than that only wait for each other's time. At least 1.
[[nodiscard]] std::size_t usable_cpu_count();

// Binds the calling thread to one CPU. Throws SetupError when it may not run there.
void pin_this_thread(int cpu);

// What follows are the parts of usable_cpu_count(), without the system. A limit is in CPUs (1.5
// is one and a half); nothing means that there is none, or that it cannot be read.

// The file cpu.max of cgroup v2: "150000 100000" or "max 100000".
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);

// The files cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us of cgroup v1.
[[nodiscard]] std::optional<double> parse_cfs_quota(std::string_view quota,
                                                    std::string_view period);

// The content of a file, nothing when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(std::string const& path)>;

// The tightest limit of the process's cgroups and of those above them. `cgroups` is what
// /proc/self/cgroup holds, `mounts` /proc/self/mountinfo.
[[nodiscard]] std::optional<double> cgroup_cpu_limit(std::string_view cgroups,
                                                     std::string_view mounts, ReadFile const& read);

// `limit` rounded up, but from 1 to `allowed`.
[[nodiscard]] std::size_t cpus_within(std::size_t allowed, std::optional<double> limit) noexcept;

} // namespace kodama
