// What an echo server must do, one case for each thing that some server gets wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bench/conform/connection.hpp>
#include <bench/harness/payload.hpp>

namespace kodama::bench::conform {

// How many connections to hold at once, and how many the limit of descriptors allows.
struct Crowd {
    std::size_t wanted;
    std::size_t possible;
};

// What a case is given. It makes all its connections here, so that no two of a run send the same.
class Context {
public:
    // Opens the connection that stays idle for the whole run; a Failure when nobody listens.
    Context(Target const& target, Crowd const& crowd);
    Context(Context const&) = delete; // its connections point to it
    Context& operator=(Context const&) = delete;

    // Connected.
    [[nodiscard]] Connection connect(SocketOptions const& options = {});
    // One after the other, so that none of them depends on the length of the server's queue.
    [[nodiscard]] std::vector<Connection> connect_many(std::size_t count,
                                                       SocketOptions const& options = {});
    // All at once.
    [[nodiscard]] std::vector<Connection> storm(std::size_t count);

    [[nodiscard]] Crowd const& crowd() const noexcept { return crowd_; }
    [[nodiscard]] Connection& idle() noexcept { return *idle_; }

    // Said behind the result of the case that is running.
    std::string remark;

private:
    Target target_;
    Payload payload_;
    Crowd crowd_;
    std::uint64_t next_number_ = 0;
    std::optional<Connection> idle_;
};

struct Case {
    char const* name;
    char const* meaning;
    void (*run)(Context& context); // throws a Failure
};

// In the order of running: the first that fails tells most.
[[nodiscard]] std::vector<Case> all_cases();

[[nodiscard]] std::span<Case const> message_cases();
[[nodiscard]] std::span<Case const> closing_cases();
[[nodiscard]] std::span<Case const> crowd_cases();

} // namespace kodama::bench::conform
