// What is sent when: the part of a run that differs between modes.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include <bench/harness/histogram.hpp>
#include <bench/load/connection.hpp>

namespace kodama::bench {

inline constexpr Nanoseconds never = std::numeric_limits<Nanoseconds>::max();

// Told by Connections what happens to a connection whose role is echo.
class Workload {
public:
    Workload() = default;
    Workload(Workload const&) = delete;
    Workload& operator=(Workload const&) = delete;
    virtual ~Workload() = default;

    // Every connection that could be made is open.
    virtual void start(Nanoseconds now) = 0;

    // One message has come back whole.
    virtual void on_echo(Connection& connection, Message const& message, Nanoseconds now) = 0;

    // All that came at once has been told by on_echo.
    virtual void on_received(Connection& connection, Nanoseconds now) = 0;

    // The socket takes more.
    virtual void on_writable(Connection&, Nanoseconds) {}

    // It was closed, in order or because it failed; `lost` messages of it never came back.
    virtual void on_closed(Connection& connection, bool in_order, std::uint64_t lost,
                           Nanoseconds now) = 0;

    // The time is `due_`, or later.
    virtual void on_due(Nanoseconds) {}

    // Whether to look at what happens without sleeping.
    [[nodiscard]] virtual bool spins(Nanoseconds) const { return false; }

    // How many messages were to be sent by now and were not.
    [[nodiscard]] virtual std::uint64_t behind(Nanoseconds) const { return 0; }

    [[nodiscard]] Nanoseconds due() const noexcept { return due_; }

protected:
    Nanoseconds due_ = never;
};

} // namespace kodama::bench
