#include <kodama/server/worker_thread.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <utility>

#include <pthread.h>

#include <kodama/base/assert.hpp>
#include <kodama/server/cpus.hpp>
#include <kodama/server/ring_setup.hpp>

namespace kodama {

namespace {

// Signals are for the program's own threads: a worker must not be the one that a handler runs in.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    AllSignalsBlocked(AllSignalsBlocked const&) = delete;
    AllSignalsBlocked& operator=(AllSignalsBlocked const&) = delete;
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

} // namespace

WorkerThread::WorkerThread(Plan plan) {
    std::promise<void> ready;
    std::future<void> accepting = ready.get_future();
    {
        AllSignalsBlocked const blocked;
        thread_ =
            std::thread([this, plan = std::move(plan), &ready]() mutable { run(plan, ready); });
    }
    try {
        accepting.get();
    } catch (...) {
        thread_.join();
        throw;
    }
}

void WorkerThread::run(Plan& plan, std::promise<void>& ready) {
    // The promise is the constructor's and gone once it is kept.
    bool is_ready = false;
    try {
        if (plan.cpu) pin_this_thread(*plan.cpu);
        std::vector<int> sockets;
        sockets.reserve(plan.listening_sockets.size());
        for (UniqueFd const& socket : plan.listening_sockets)
            sockets.push_back(socket.get());
        std::unique_ptr<Ring> const ring = make_ring(plan.features, plan.limits);
        Worker worker(*ring, plan.features, plan.limits, *plan.hooks, sockets, counters_,
                      plan.on_event, plan.shared);
        // Now they are the worker's to close.
        for (UniqueFd& socket : plan.listening_sockets)
            static_cast<void>(socket.release());
        worker.start();
        set_worker(&worker);
        is_ready = true;
        ready.set_value();
        while (!worker.finished())
            worker.turn();
        set_worker(nullptr);
    } catch (...) {
        // Nothing throws once the worker serves.
        KODAMA_ASSERT(!is_ready);
        return ready.set_exception(std::current_exception());
    }
    plan.on_ended();
}

WorkerThread::~WorkerThread() {
    if (!thread_.joinable()) return;
    request(Worker::Command::stop, never);
    thread_.join();
}

void WorkerThread::set_worker(Worker* worker) {
    std::lock_guard const lock(mutex_);
    worker_ = worker;
}

void WorkerThread::request(Worker::Command command, TimePoint deadline) {
    std::lock_guard const lock(mutex_);
    if (worker_ != nullptr) worker_->request(command, deadline);
}

} // namespace kodama
