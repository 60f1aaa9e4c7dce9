// Ends a test that hangs where no socket's deadline can: in a server's drain, stop or destructor.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace kodama::testing {

// While it lives, the process must make do with `limit`; after it, the process aborts, so that a
// core or a sanitizer shows where it hung.
class Watchdog {
public:
    explicit Watchdog(std::chrono::seconds limit = std::chrono::seconds(180))
        : thread_([this, limit] { watch(limit); }) {}

    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

    ~Watchdog() {
        {
            std::lock_guard const lock(mutex_);
            done_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

private:
    void watch(std::chrono::seconds limit) {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, limit, [this] { return done_; })) return;
        std::fputs("watchdog: the test hangs\n", stderr);
        std::abort();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
    std::thread thread_; // last: it uses what is above
};

} // namespace kodama::testing
