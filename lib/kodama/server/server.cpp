#include <kodama/server/server.hpp>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <kodama/base/error.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/net/endpoint.hpp>
#include <kodama/net/listening_socket.hpp>
#include <kodama/ring/capabilities.hpp>
#include <kodama/server/cpus.hpp>
#include <kodama/server/validate.hpp>
#include <kodama/server/worker_thread.hpp>

namespace kodama {

namespace {

FeatureSet disabled_features(Options const& options) {
    FeatureSet disabled = options.disabled;
    if (char const* const names = std::getenv("KODAMA_DISABLE")) {
        disabled.add(parse_features("KODAMA_DISABLE", names));
    }
    return disabled;
}

// Raises the soft limit of descriptors to the hard one, and returns it.
std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit const raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur;
}

// What the process needs beside its connections: rings, listeners, standard streams, and some.
std::uint64_t descriptors_beside(std::size_t workers, std::size_t listeners) {
    return 16 + 2 * workers + workers * listeners;
}

class SignalsToDescriptor {
public:
    SignalsToDescriptor() {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
        descriptor_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
        if (!descriptor_) {
            throw SetupError(SetupError::Kind::refused,
                             describe_error("cannot make a signalfd", errno));
        }
    }
    SignalsToDescriptor(SignalsToDescriptor const&) = delete;
    SignalsToDescriptor& operator=(SignalsToDescriptor const&) = delete;
    ~SignalsToDescriptor() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    [[nodiscard]] int get() const noexcept { return descriptor_.get(); }
    void take_one() const noexcept {
        signalfd_siginfo info{};
        [[maybe_unused]] ssize_t const size = ::read(get(), &info, sizeof info);
    }

private:
    sigset_t before_;
    UniqueFd descriptor_;
};

} // namespace

class BasicServer::Implementation {
public:
    Implementation(Options const& options, SessionHooks const& hooks) : options_(options) {
        validate(options_);
        features_ = probe_capabilities(disabled_features(options_)).usable;
        std::vector<int> const cpus = allowed_cpus();
        std::size_t const count = options_.workers != 0 ? options_.workers : usable_cpu_count();
        std::vector<ListeningSockets> listening = listen(count);
        fit_connections_to_descriptors(count, listening.size());
        WorkerLimits const limits = share_of(options_, count);
        running_ = count;

        for (std::size_t i = 0; i < count; ++i) {
            WorkerThread::Plan plan{.features = features_,
                                    .limits = limits,
                                    .hooks = &hooks,
                                    .listening_sockets = {},
                                    .cpu = std::nullopt,
                                    .on_ended = [this] { worker_ended(); }};
            for (ListeningSockets& sockets : listening) {
                plan.listening_sockets.push_back(std::move(sockets.sockets[i]));
            }
            if (options_.pin_cpus) plan.cpu = cpus[i % cpus.size()];
            workers_.push_back(std::make_unique<WorkerThread>(std::move(plan)));
        }
    }

    [[nodiscard]] Options const& options() const noexcept { return options_; }
    [[nodiscard]] std::vector<Address> const& endpoints() const noexcept { return endpoints_; }
    [[nodiscard]] FeatureSet features() const noexcept { return features_; }
    [[nodiscard]] std::size_t worker_count() const noexcept { return workers_.size(); }
    [[nodiscard]] Counters counters(std::size_t worker) const {
        return workers_.at(worker)->counters();
    }

    [[nodiscard]] Counters counters() const noexcept {
        Counters sum;
        for (auto const& worker : workers_)
            sum += worker->counters();
        return sum;
    }

    void request(Worker::Command command, TimePoint deadline) {
        for (auto const& worker : workers_)
            worker->request(command, deadline);
    }

    std::uint64_t wait_until_ended() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return running_ == 0; });
        return counters()[CloseReason::stopped];
    }

    // Readable when all workers have ended.
    [[nodiscard]] int ended_descriptor() const noexcept { return all_ended_.get(); }

private:
    std::vector<ListeningSockets> listen(std::size_t worker_count) {
        std::vector<ListeningSockets> all;
        for (std::string const& text : options_.listen) {
            Endpoint const endpoint = parse_endpoint("listen", text);
            for (ListeningSockets& one : listen_on(endpoint, worker_count, options_.backlog)) {
                endpoints_.push_back(one.address);
                all.push_back(std::move(one));
            }
        }
        return all;
    }

    void fit_connections_to_descriptors(std::size_t worker_count, std::size_t listeners) {
        std::uint64_t const limit = raise_descriptor_limit();
        std::uint64_t const beside = descriptors_beside(worker_count, listeners);
        std::uint64_t const most = limit > beside + worker_count ? limit - beside : worker_count;
        if (options_.max_connections > most) {
            options_.max_connections = static_cast<std::uint32_t>(most);
        }
    }

    void worker_ended() {
        std::lock_guard const lock(mutex_);
        if (--running_ > 0) return;
        changed_.notify_all();
        std::uint64_t const one = 1;
        [[maybe_unused]] ssize_t const size = ::write(all_ended_.get(), &one, sizeof one);
    }

    Options options_;
    FeatureSet features_;
    std::vector<Address> endpoints_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t running_ = 0; // workers that have not ended
    UniqueFd all_ended_{::eventfd(0, EFD_CLOEXEC)};

    std::vector<std::unique_ptr<WorkerThread>> workers_; // last, so that they end first
};

BasicServer::BasicServer(Options options, SessionHooks const& hooks)
    : implementation_(std::make_unique<Implementation>(options, hooks)) {}

BasicServer::~BasicServer() = default;

std::vector<Address> const& BasicServer::endpoints() const noexcept {
    return implementation_->endpoints();
}

FeatureSet BasicServer::features() const noexcept { return implementation_->features(); }

std::uint32_t BasicServer::max_connections() const noexcept {
    return implementation_->options().max_connections;
}

std::size_t BasicServer::worker_count() const noexcept { return implementation_->worker_count(); }

Counters BasicServer::counters() const noexcept { return implementation_->counters(); }

Counters BasicServer::counters(std::size_t worker) const {
    return implementation_->counters(worker);
}

std::uint64_t BasicServer::drain(std::chrono::nanoseconds timeout) {
    begin_drain(timeout);
    return implementation_->wait_until_ended();
}

std::uint64_t BasicServer::stop() {
    implementation_->request(Worker::Command::stop, never);
    return implementation_->wait_until_ended();
}

void BasicServer::begin_drain(std::chrono::nanoseconds timeout) {
    implementation_->request(Worker::Command::drain, std::chrono::steady_clock::now() + timeout);
}

std::uint64_t BasicServer::run_until_signal() {
    SignalsToDescriptor const signals;
    bool draining = false;
    for (;;) {
        pollfd events[] = {
            {.fd = signals.get(), .events = POLLIN, .revents = 0},
            {.fd = implementation_->ended_descriptor(), .events = POLLIN, .revents = 0}};
        if (::poll(events, std::size(events), -1) < 0) continue; // a signal that is not ours
        if (events[1].revents != 0) return implementation_->wait_until_ended();
        signals.take_one();
        if (draining) return stop();
        draining = true;
        begin_drain(implementation_->options().drain_timeout);
    }
}

} // namespace kodama
