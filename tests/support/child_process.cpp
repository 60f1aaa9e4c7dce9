#include <support/child_process.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <kodama/base/error.hpp>

namespace kodama::testing {

namespace {

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return {.read = Descriptor(ends[0]), .write = Descriptor(ends[1])};
}

std::vector<std::string> merged_environment(std::vector<std::string> const& added) {
    std::vector<std::string> result = added;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string_view const text = *entry;
        std::string_view const name = text.substr(0, text.find('=') + 1);
        bool replaced = false;
        for (std::string const& other : added)
            replaced = replaced || other.starts_with(name);
        if (!replaced) result.emplace_back(text);
    }
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts)
        result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

// The child's signals are those of a program started by a shell, whatever this process does.
void reset_signals(posix_spawnattr_t& attributes) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

pid_t spawn(Command const& command, int out, int err) {
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = merged_environment(command.environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    ::posix_spawnattr_init(&attributes);
    reset_signals(attributes);
    pid_t pid = -1;
    int const error = ::posix_spawnp(&pid, arguments.front().c_str(), &actions, &attributes,
                                     pointers(arguments).data(), pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error(describe_error(arguments.front(), error));
    return pid;
}

// Appends what is there; closes the pipe at its end.
void append_available(Descriptor& pipe, std::string& text) {
    std::array<char, 4096> piece{};
    while (pipe.is_open()) {
        auto const count = ::read(pipe.get(), piece.data(), piece.size());
        if (count > 0) {
            text.append(piece.data(), static_cast<std::size_t>(count));
        } else if (count == 0) {
            pipe.close();
        } else if (errno != EINTR) {
            return;
        }
    }
}

} // namespace

ChildProcess::ChildProcess(Command const& command) : name_(command.arguments.front()) {
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    pid_ = spawn(command, out.write.get(), err.write.get());
    process_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    stdout_ = std::move(out.read);
    stderr_ = std::move(err.read);
}

ChildProcess::~ChildProcess() {
    if (reaped_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::string ChildProcess::read_line(std::chrono::milliseconds deadline) {
    auto const end = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        std::size_t const newline = output_.find('\n');
        if (newline != std::string::npos) {
            std::string line = output_.substr(0, newline);
            output_.erase(0, newline + 1);
            return line;
        }
        if (!stdout_.is_open()) fail("its output ended before the line");
        if (!pump(end)) fail("it printed no line before the deadline");
    }
}

void ChildProcess::signal(int number) const {
    if (::kill(pid_, number) != 0) fail("it could not be sent a signal");
}

int ChildProcess::wait(std::chrono::milliseconds deadline) {
    auto const end = std::chrono::steady_clock::now() + deadline;
    while (!reaped_) {
        int status = 0;
        pid_t const ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended == pid_) {
            reaped_ = true;
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        } else if (!pump(end)) {
            fail("it had not ended at the deadline");
        }
    }
    drain_pipes();
    return exit_code_;
}

// Waits for output or the process's end and takes what there is; false at the deadline.
bool ChildProcess::pump(std::chrono::steady_clock::time_point end) {
    auto const now = std::chrono::steady_clock::now();
    if (now > end) return false;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
    // poll() ignores the -1 of a closed pipe.
    std::array<pollfd, 3> watched{{{.fd = stdout_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = stderr_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = process_.get(), .events = POLLIN, .revents = 0}}};
    int const ready = ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    drain_pipes();
    return ready != 0;
}

void ChildProcess::drain_pipes() {
    append_available(stdout_, output_);
    append_available(stderr_, errors_);
}

void ChildProcess::fail(std::string const& what) const {
    throw std::runtime_error(name_ + ": " + what + "; its stderr: " + errors_);
}

Finished run_to_end(Command const& command, std::chrono::milliseconds deadline) {
    ChildProcess child(command);
    int const exit_code = child.wait(deadline);
    return {.exit_code = exit_code, .output = child.output(), .errors = child.errors()};
}

bool works(Command const& command) {
    try {
        return run_to_end(command).exit_code == 0;
    } catch (std::runtime_error const&) { // there is no such program
        return false;
    }
}

} // namespace kodama::testing
