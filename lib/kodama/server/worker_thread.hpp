// A worker with its thread.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <kodama/base/unique_fd.hpp>
#include <kodama/core/counters.hpp>
#include <kodama/core/event.hpp>
#include <kodama/core/hooks.hpp>
#include <kodama/core/worker.hpp>
#include <kodama/ring/features.hpp>

namespace kodama {

// Makes ring and worker in a thread of its own, because a ring belongs to the thread that made it,
// and takes them down there too.
//
// Threads: the constructor and the destructor in the server's; the rest from any.
class WorkerThread {
public:
    struct Plan {
        FeatureSet features;
        WorkerLimits limits;
        SessionHooks const* hooks;
        void* shared;                            // by the sessions of all workers
        std::vector<UniqueFd> listening_sockets; // handed over
        std::optional<int> cpu;                  // to be bound to
        EventHandler on_event;
        std::function<void()> on_ended; // called in the thread at its very end
    };

    // Returns when the worker accepts; throws what its set-up threw.
    explicit WorkerThread(Plan plan);
    WorkerThread(WorkerThread const&) = delete;
    WorkerThread& operator=(WorkerThread const&) = delete;
    // Stops the worker and joins.
    ~WorkerThread();

    void request(Worker::Command command, TimePoint deadline);
    [[nodiscard]] Counters counters() const noexcept { return counters_.snapshot(); }

private:
    void run(Plan& plan, std::promise<void>& ready);
    void set_worker(Worker* worker);

    LiveCounters counters_;
    std::mutex mutex_;
    Worker* worker_ = nullptr; // null before it is there, and when it has ended
    std::thread thread_;
};

} // namespace kodama
