// What the kernel tells about a process in /proc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace kodama::testing {

// Throw std::runtime_error when there is no such process.

[[nodiscard]] std::size_t open_descriptors(pid_t process);
[[nodiscard]] std::size_t open_sockets(pid_t process);
[[nodiscard]] std::size_t thread_count(pid_t process);
[[nodiscard]] std::vector<pid_t> children_of(pid_t process);

// How often the threads of a process have gone to sleep or were preempted, all in all. A process in
// which this stands still while its threads sleep has made no system call that returned.
[[nodiscard]] std::uint64_t context_switches(pid_t process);

// How many of its threads sleep right now (state S of proc(5)).
[[nodiscard]] std::size_t sleeping_threads(pid_t process);

// Lets this process have as many descriptors as it may (RLIMIT_NOFILE, soft up to hard), for tests
// with a thousand connections; returns that number.
std::size_t raise_descriptor_limit();

} // namespace kodama::testing
