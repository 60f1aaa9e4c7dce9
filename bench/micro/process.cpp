#include <bench/micro/process.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kodama::bench {

namespace {

// A process begins where the thread is that starts it.
class OnCpu {
public:
    explicit OnCpu(int cpu) noexcept : moved_(cpu >= 0) {
        if (!moved_) return;
        static_cast<void>(::sched_getaffinity(0, sizeof before_, &before_));
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(cpu), &one);
        static_cast<void>(::sched_setaffinity(0, sizeof one, &one));
    }
    OnCpu(OnCpu const&) = delete;
    OnCpu& operator=(OnCpu const&) = delete;
    ~OnCpu() {
        if (moved_) static_cast<void>(::sched_setaffinity(0, sizeof before_, &before_));
    }

private:
    bool moved_;
    cpu_set_t before_{};
};

} // namespace

Process::Process(std::vector<std::string> const& command, int cpu) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    output_ = UniqueFd(ends[0]);
    UniqueFd const its_end(ends[1]);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string const& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its_end.get(), STDOUT_FILENO);
    OnCpu const there(cpu);
    int const error =
        ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::system_error(error, std::generic_category(), command.front());
}

Process::~Process() {
    if (pid_ < 0) return;
    static_cast<void>(::kill(pid_, SIGTERM));
    static_cast<void>(wait());
}

std::string Process::read_line() {
    std::string line;
    char byte = 0;
    while (!line.ends_with('\n')) {
        ssize_t const count = ::read(output_.get(), &byte, 1);
        if (count == 0 || (count < 0 && errno != EINTR)) break;
        if (count > 0) line += byte;
    }
    return line;
}

std::string Process::read_to_end(int& exit_code) {
    std::string text;
    for (std::string line = read_line(); !line.empty(); line = read_line())
        text += line;
    exit_code = wait();
    return text;
}

int Process::wait() noexcept {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace kodama::bench
