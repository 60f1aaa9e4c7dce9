// Threads whose failures reach the test case: Catch2's assertions belong to the main thread, so the
// others throw, and join() throws that on.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace kodama::testing {

class Background {
public:
    explicit Background(std::function<void()> work)
        : thread_([this, work = std::move(work)] {
              try {
                  work();
              } catch (...) {
                  failure_ = std::current_exception();
              }
          }) {}

    Background(Background const&) = delete;
    Background& operator=(Background const&) = delete;

    ~Background() {
        if (thread_.joinable()) thread_.join();
    }

    // Waits for the end and throws what the work threw.
    void join() {
        thread_.join();
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    std::exception_ptr failure_;
    std::thread thread_; // last: it writes what is above
};

} // namespace kodama::testing
