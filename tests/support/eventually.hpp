// Waiting for a condition instead of for a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace kodama::testing {

// Long enough for a loaded machine under a sanitizer; only a bug ever waits it out.
inline constexpr std::chrono::seconds patience{20};

// Asks until `predicate` holds; throws, saying what it waited for, when it does not in time. The
// short waits in between only keep it from burning the core that the server needs.
template <class Predicate>
void eventually(std::string const& what, Predicate&& predicate,
                std::chrono::milliseconds deadline = patience) {
    auto const end = std::chrono::steady_clock::now() + deadline;
    std::chrono::microseconds pause{50};
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > end) {
            throw std::runtime_error("waited " + std::to_string(deadline.count()) +
                                     " ms in vain: " + what);
        }
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, std::chrono::microseconds(10'000));
    }
}

} // namespace kodama::testing
