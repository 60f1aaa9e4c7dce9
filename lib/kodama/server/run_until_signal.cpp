// Signals are read from a descriptor, beside the one that tells that the workers have ended: no
// handler runs, and nothing wakes up in between.
#include <cerrno>
#include <chrono>
#include <csignal>

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/server/implementation.hpp>
#include <kodama/server/server.hpp>

namespace kodama {

namespace {

using Clock = std::chrono::steady_clock;

class Signals {
public:
    explicit Signals(bool with_report) {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        if (with_report) sigaddset(&signals, SIGUSR1);
        ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
        descriptor_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
        if (!descriptor_) {
            throw SetupError(SetupError::Kind::refused,
                             describe_error("cannot make a signalfd", errno));
        }
    }
    Signals(Signals const&) = delete;
    Signals& operator=(Signals const&) = delete;
    ~Signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

    [[nodiscard]] int take_one() const noexcept {
        signalfd_siginfo info{};
        if (::read(descriptor(), &info, sizeof info) != sizeof info) return 0;
        return static_cast<int>(info.ssi_signo);
    }

private:
    sigset_t before_;
    UniqueFd descriptor_;
};

// Calls back at a fixed rate, or never.
class Reporter {
public:
    Reporter(std::function<void()> const& report, std::chrono::nanoseconds interval)
        : report_(report), interval_(interval), next_(Clock::now() + interval) {}

    // For poll(): milliseconds, rounded up; -1 for ever.
    [[nodiscard]] int time_left() const noexcept {
        if (interval_ == std::chrono::nanoseconds(0)) return -1;
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(next_ - Clock::now());
        return left.count() > 0 ? static_cast<int>(left.count()) : 0;
    }

    void report_if_due() {
        if (interval_ == std::chrono::nanoseconds(0)) return;
        Clock::time_point const now = Clock::now();
        if (now < next_) return;
        report();
        // From now rather than from when it was due: a stopped process has nothing to catch up on.
        next_ = now + interval_;
    }

    void report() const {
        if (report_) report_();
    }

private:
    std::function<void()> const& report_;
    std::chrono::nanoseconds interval_;
    Clock::time_point next_;
};

} // namespace

std::uint64_t BasicServer::run_until_signal() {
    return run_until_signal({}, std::chrono::nanoseconds(0));
}

std::uint64_t BasicServer::run_until_signal(std::function<void()> const& report,
                                            std::chrono::nanoseconds interval) {
    Signals const signals(report != nullptr);
    Reporter reporter(report, interval);
    bool draining = false;
    for (;;) {
        pollfd events[] = {
            {.fd = signals.descriptor(), .events = POLLIN, .revents = 0},
            {.fd = implementation_->ended_descriptor(), .events = POLLIN, .revents = 0}};
        int const ready = ::poll(events, std::size(events), reporter.time_left());
        reporter.report_if_due();
        if (ready <= 0) continue;
        if (events[1].revents != 0) return implementation_->wait_until_ended();
        if (int const signal = signals.take_one(); signal == SIGUSR1) {
            reporter.report();
        } else if (signal != 0) {
            if (draining) return stop();
            draining = true;
            implementation_->begin_drain(implementation_->options().drain_timeout);
        }
    }
}

} // namespace kodama
