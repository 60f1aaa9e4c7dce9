// Events of the server as lines for people, at most so many.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include <kodama/core/event.hpp>

namespace app {

// At a limit, places are taken and come free thousands of times a second; a log wants to know that
// it is so, not each time. So after a line none follows for a second, but for the one that says
// that a pause which was told is over; the next one says how many were left out. Threads: any.
class EventLog {
public:
    explicit EventLog(std::function<void(std::string const&)> say) : say_(std::move(say)) {}

    void tell(kodama::Event event);

private:
    std::function<void(std::string const&)> say_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point next_{};
    std::uint64_t left_out_ = 0;
    bool paused_told_ = false;
};

} // namespace app
