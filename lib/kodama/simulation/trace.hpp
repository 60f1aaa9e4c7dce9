// A run, line by line, for people.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include <kodama/core/token.hpp>
#include <kodama/simulation/simulated_ring.hpp>

namespace kodama::simulation {

// Writes every entry and every completion, with the time in microseconds. There are no addresses in
// it, so the same decisions give the same trace everywhere.
class Trace final : public Watcher {
public:
    explicit Trace(std::ostream& out) : out_(out) {}

    void on_submitted(io_uring_sqe const& entry, TimePoint now) override;
    void on_completed(io_uring_cqe const& entry, TimePoint now) override;
    void on_silent_success(std::uint64_t user_data, TimePoint now) override;
    void note(std::string_view what, TimePoint now);

private:
    std::ostream& out_;
};

// "receive of slot 3.1": what a request is, and about which generation of which slot.
[[nodiscard]] std::string describe(Token token);

} // namespace kodama::simulation
