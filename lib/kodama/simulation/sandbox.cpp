#include <kodama/simulation/sandbox.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <ostream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kodama/base/unique_fd.hpp>
#include <kodama/simulation/trace.hpp>

namespace kodama::simulation {

namespace {

constexpr unsigned patience = 20; // seconds that one run may take

[[noreturn]] void throw_errno(char const* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// What a sanitizer or an assertion said.
std::string last_words(std::string const& error_output) {
    for (char const* const sign : {"assertion failed", "ERROR: ", "runtime error: "}) {
        std::size_t const at = error_output.find(sign);
        if (at == std::string::npos) continue;
        std::size_t const line_break = error_output.rfind('\n', at);
        std::size_t const begin = line_break == std::string::npos ? 0 : line_break + 1;
        return error_output.substr(begin, error_output.find('\n', at) - begin);
    }
    return error_output.substr(0, error_output.find('\n'));
}

std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (;;) {
        ssize_t const count = ::read(descriptor, bytes.data(), bytes.size());
        if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
        if (count == 0 || (count < 0 && errno != EINTR)) return text;
    }
}

} // namespace

struct Sandbox::Shared {
    DecisionLog log;
    Findings findings;
    std::uint64_t seed = 0;
    std::array<char, 1000> failure{};
    std::uint32_t unused_count = 0;
    std::array<Decision, 100> unused{};
};

Sandbox::Sandbox(Program const& program) : program_(program) {
    void* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno("mmap");
    shared_ = ::new (memory) Shared;
}

Sandbox::~Sandbox() { ::munmap(shared_, sizeof(Shared)); }

void Sandbox::set_seed(std::uint64_t seed) noexcept { shared_->seed = seed; }

Findings const& Sandbox::findings() const noexcept { return shared_->findings; }

Script Sandbox::decided() const {
    std::span<Decision const> const all = shared_->log.all();
    return {all.begin(), all.end()};
}

Script Sandbox::unused() const {
    return {shared_->unused.begin(), shared_->unused.begin() + shared_->unused_count};
}

std::optional<Failure> Sandbox::run(NextTape const& next) { return run_in_child(next, nullptr); }

std::optional<Failure> Sandbox::run(std::span<Decision const> script, std::ostream* trace) {
    bool done = false;
    return run_in_child(
        [&](DecisionLog& log) -> std::unique_ptr<Tape> {
            if (std::exchange(done, true)) return nullptr;
            return std::make_unique<ScriptedTape>(log, script);
        },
        trace);
}

std::optional<Failure> Sandbox::run(std::uint64_t seed, std::ostream* trace) {
    bool done = false;
    return run_in_child(
        [&](DecisionLog& log) -> std::unique_ptr<Tape> {
            if (std::exchange(done, true)) return nullptr;
            set_seed(seed);
            return std::make_unique<SeededTape>(log, seed);
        },
        trace);
}

std::optional<Failure> Sandbox::run_in_child(NextTape const& next, std::ostream* trace) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
    UniqueFd const from_child(ends[0]);
    UniqueFd to_parent(ends[1]);
    shared_->failure.fill('\0');
    shared_->unused_count = 0;
    if (trace != nullptr) trace->flush();
    pid_t const child = ::fork();
    if (child < 0) throw_errno("fork");
    if (child == 0) be_child(next, trace, to_parent.get());
    to_parent.reset();
    std::string const error_output = read_all(from_child.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    Failure failure{.what = shared_->failure.data(), .seed = shared_->seed, .script = decided()};
    if (failure.what.empty() && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        failure.what = "it hangs: a run took more than " + std::to_string(patience) + " seconds";
    }
    if (failure.what.empty()) failure.what = last_words(error_output);
    if (failure.what.empty()) failure.what = "it crashed: status " + std::to_string(status);
    return failure;
}

void Sandbox::be_child(NextTape const& next, std::ostream* trace, int error_output) {
    ::dup2(error_output, STDERR_FILENO);
    // A test framework's handler must not speak for a run that aborts, and nobody wants its core.
    std::signal(SIGABRT, SIG_DFL);
    rlimit const no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::optional<Trace> watcher;
    if (trace != nullptr) watcher.emplace(*trace);
    int code = 0;
    while (std::unique_ptr<Tape> const tape = next(shared_->log)) {
        ::alarm(patience);
        // Counted at once, so that findings before a crash are kept; and not taken down, which a
        // server that failed is not ready for.
        auto* const simulation =
            new Simulation(program_, *tape, shared_->findings, watcher ? &*watcher : nullptr);
        std::string const failure = simulation->run();
        if (!failure.empty()) {
            std::strncpy(shared_->failure.data(), failure.c_str(), shared_->failure.size() - 1);
            code = 1;
            break;
        }
        delete simulation;
        if (auto const* const script = dynamic_cast<ScriptedTape const*>(tape.get())) {
            for (Decision const& decision : script->unused()) {
                if (shared_->unused_count == shared_->unused.size()) break;
                shared_->unused[shared_->unused_count++] = decision;
            }
        }
    }
    if (trace != nullptr) trace->flush();
    ::_exit(code);
}

} // namespace kodama::simulation
