// What is counted between the beginning and the end of the measured window.
#pragma once

#include <cstdint>

#include <bench/harness/histogram.hpp>
#include <bench/load/workload.hpp>

namespace kodama::bench {

// Echoes count when they come back within the window. So does their latency in closed loops; in
// open ones, that of every message counts which was to be sent within the window, also when its
// answer comes later, because leaving out the late ones would flatter the server.
class Meter {
public:
    explicit Meter(bool by_start) noexcept : by_start_(by_start) {}

    void open(Nanoseconds now) noexcept { from_ = now; }

    void close(Nanoseconds now) noexcept { to_ = now; }

    [[nodiscard]] bool within(Nanoseconds time) const noexcept {
        return time >= from_ && time < to_;
    }

    void count_echo(Message const& message, Nanoseconds now) noexcept {
        if (within(now)) {
            ++echoes_;
            bytes_ += message.size;
        }
        if (within(by_start_ ? message.since : now)) {
            latency_.record(static_cast<std::uint64_t>(now - message.since));
        }
    }

    void count_lag(Nanoseconds intended, Nanoseconds lag) noexcept {
        if (within(intended)) lag_.record(static_cast<std::uint64_t>(lag > 0 ? lag : 0));
    }

    [[nodiscard]] Nanoseconds length() const noexcept { return from_ == never ? 0 : to_ - from_; }

    [[nodiscard]] std::uint64_t echoes() const noexcept { return echoes_; }

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    [[nodiscard]] Histogram const& latency() const noexcept { return latency_; }

    [[nodiscard]] Histogram const& lag() const noexcept { return lag_; }

private:
    bool by_start_;
    Nanoseconds from_ = never; // not open yet
    Nanoseconds to_ = never;   // not closed yet
    std::uint64_t echoes_ = 0;
    std::uint64_t bytes_ = 0;
    Histogram latency_;
    Histogram lag_;
};

} // namespace kodama::bench
