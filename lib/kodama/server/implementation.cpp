#include <kodama/server/implementation.hpp>

#include <cstdlib>
#include <optional>
#include <string>

#include <sys/eventfd.h>
#include <unistd.h>

#include <kodama/net/endpoint.hpp>
#include <kodama/ring/capabilities.hpp>
#include <kodama/server/cpus.hpp>
#include <kodama/server/descriptor_limit.hpp>
#include <kodama/server/shares.hpp>
#include <kodama/server/validate.hpp>

namespace kodama {

BasicServer::Implementation::Implementation(Options const& options, SessionHooks const& hooks,
                                            void* shared)
    : options_(options), all_ended_(::eventfd(0, EFD_CLOEXEC)) {
    validate(options_);
    features_ = probe_capabilities(disabled_features(options_)).usable;
    std::vector<int> const cpus = allowed_cpus();
    std::size_t const count = options_.workers != 0 ? options_.workers : usable_cpu_count();
    std::vector<ListeningSockets> listening = listen(count);
    fit_connections(raise_descriptor_limit(), {.workers = count, .listeners = listening.size()});
    WorkerLimits const limits = share_of(options_, count);

    running_ = count;
    for (std::size_t i = 0; i < count; ++i) {
        WorkerThread::Plan plan{.features = features_,
                                .limits = limits,
                                .hooks = &hooks,
                                .shared = shared,
                                .listening_sockets = {},
                                .cpu = std::nullopt,
                                .on_event = options_.on_event,
                                .on_ended = [this] { worker_ended(); }};
        for (ListeningSockets& sockets : listening) {
            plan.listening_sockets.push_back(std::move(sockets.sockets[i]));
        }
        if (options_.pin_cpus) plan.cpu = cpus[i % cpus.size()];
        workers_.push_back(std::make_unique<WorkerThread>(std::move(plan)));
    }
}

// Where there are too few descriptors, accepted and outgoing connections have to do with less in
// proportion.
void BasicServer::Implementation::fit_connections(std::uint64_t limit,
                                                  DescriptorUsers const& users) noexcept {
    std::uint32_t const wanted = options_.max_connections + options_.max_outgoing;
    std::uint32_t const most = connections_within(limit, users, wanted);
    std::uint64_t const outgoing = std::uint64_t{options_.max_outgoing} * most / wanted;
    options_.max_outgoing = static_cast<std::uint32_t>(outgoing);
    options_.max_connections = most - options_.max_outgoing;
}

std::vector<ListeningSockets> BasicServer::Implementation::listen(std::size_t worker_count) {
    ListenOptions const for_each_socket{.backlog = options_.backlog,
                                        .send_timeout = options_.send_timeout};
    std::vector<ListeningSockets> all;
    for (std::string const& text : options_.listen) {
        Endpoint const endpoint = parse_endpoint("listen", text);
        for (ListeningSockets& one : listen_on(endpoint, worker_count, for_each_socket)) {
            endpoints_.push_back(one.address);
            all.push_back(std::move(one));
        }
    }
    return all;
}

Counters BasicServer::Implementation::counters(std::size_t worker) const {
    return workers_.at(worker)->counters();
}

Counters BasicServer::Implementation::counters() const noexcept {
    Counters sum;
    for (auto const& worker : workers_)
        sum += worker->counters();
    return sum;
}

void BasicServer::Implementation::begin_drain(std::chrono::nanoseconds timeout) {
    TimePoint const deadline = std::chrono::steady_clock::now() + timeout;
    for (auto const& worker : workers_)
        worker->request(Worker::Command::drain, deadline);
}

void BasicServer::Implementation::begin_stop() {
    for (auto const& worker : workers_)
        worker->request(Worker::Command::stop, never);
}

std::uint64_t BasicServer::Implementation::wait_until_ended() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return running_ == 0; });
    return counters()[CloseReason::stopped];
}

void BasicServer::Implementation::worker_ended() {
    std::lock_guard const lock(mutex_);
    if (--running_ > 0) return;
    changed_.notify_all();
    std::uint64_t const one = 1;
    [[maybe_unused]] ssize_t const size = ::write(all_ended_.get(), &one, sizeof one);
}

} // namespace kodama
