// Another program, from its start to its end.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

// Its stdout is ours to read; the rest is inherited. Ends with this object, by SIGTERM.
class Process {
public:
    // The program first. `cpu`: where it runs, and all its threads; -1: anywhere. Throws
    // std::system_error.
    explicit Process(std::vector<std::string> const& command, int cpu = -1);
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    // Up to the end of the next line; shorter where stdout ends before.
    [[nodiscard]] std::string read_line();

    // All the rest of stdout, then the end; `exit_code` is -1 where a signal ended it.
    [[nodiscard]] std::string read_to_end(int& exit_code);

private:
    int wait() noexcept;

    pid_t pid_ = -1;
    UniqueFd output_;
};

} // namespace kodama::bench
