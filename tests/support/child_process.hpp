// Another program, started, watched and ended by a test.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include <support/descriptor.hpp>
#include <support/eventually.hpp>

namespace kodama::testing {

struct Command {
    std::vector<std::string> arguments;        // the program first, looked up in PATH
    std::vector<std::string> environment = {}; // "NAME=value", on top of this process's own
};

// It starts with no signal blocked or ignored, and is killed when this object ends. Every wait has
// a deadline and throws std::runtime_error, with what the program wrote to stderr, when it passes.
class ChildProcess {
public:
    explicit ChildProcess(Command const& command);
    ChildProcess(ChildProcess const&) = delete;
    ChildProcess& operator=(ChildProcess const&) = delete;
    ~ChildProcess();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    // The next line of stdout, without its end.
    [[nodiscard]] std::string read_line(std::chrono::milliseconds deadline = patience);

    void signal(int number) const;

    // Waits for the end; the exit code, or 128 and the number of the signal that ended it.
    int wait(std::chrono::milliseconds deadline = patience);

    // What it wrote to stdout beyond the lines that were read, and all it wrote to stderr; complete
    // after wait().
    [[nodiscard]] std::string const& output() const noexcept { return output_; }

    [[nodiscard]] std::string const& errors() const noexcept { return errors_; }

private:
    bool pump(std::chrono::steady_clock::time_point end);
    void drain_pipes();
    [[noreturn]] void fail(std::string const& what) const;

    std::string name_;
    pid_t pid_ = -1;
    bool reaped_ = false;
    int exit_code_ = -1;
    Descriptor process_; // a pidfd: readable once the process has ended
    Descriptor stdout_;
    Descriptor stderr_;
    std::string output_;
    std::string errors_;
};

// Runs a command to its end.
struct Finished {
    int exit_code;
    std::string output;
    std::string errors;
};

[[nodiscard]] Finished run_to_end(Command const& command,
                                  std::chrono::milliseconds deadline = patience);

// Whether there is such a program and it exits with 0, for tests that need one of the machine's.
[[nodiscard]] bool works(Command const& command);

} // namespace kodama::testing
