// For code that must end the process.
#pragma once

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kodama::testing {

// Runs `act` in a copy of this process, which must have no other threads; returns what it wrote to
// stderr before it aborted, or "lived on".
template <class Act> std::string last_words(Act&& act) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_t const child = ::fork();
    if (child < 0) throw std::runtime_error("fork");
    if (child == 0) {
        rlimit const no_core{};
        ::setrlimit(RLIMIT_CORE, &no_core);
        std::signal(SIGABRT, SIG_DFL); // Catch2 has a handler of its own
        ::dup2(ends[1], STDERR_FILENO);
        act();
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string words;
    char bytes[1024];
    for (ssize_t size = 0; (size = ::read(ends[0], bytes, sizeof bytes)) > 0;)
        words.append(bytes, static_cast<std::size_t>(size));
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? words : "lived on";
}

} // namespace kodama::testing
