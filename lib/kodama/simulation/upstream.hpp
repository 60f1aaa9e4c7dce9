// The servers that sessions under test connect to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include <kodama/core/deadline.hpp>
#include <kodama/simulation/network.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// Whoever answers on outgoing connections, all of them: an echo server of the plainest kind, which
// reads nothing while it has something to write. So a proxy that stops reading it because it does
// not read comes to a standstill, and so it should.
class Upstream {
public:
    // From the plainest to the worst.
    enum class Behaviour : std::uint8_t {
        echo,
        slow,        // with pauses
        not_reading, // until the faults end
        finishing,   // finishes in the middle, and goes on reading
        resetting,   // resets the connection in the middle
        closing,     // closes it in the middle
    };

    Upstream(Network& network, Tape& tape) : network_(network), tape_(tape) {}

    [[nodiscard]] TimePoint next_event() const noexcept;
    void run(TimePoint now);
    // From now on it echoes, and does none of the others.
    void heal(TimePoint now) noexcept;

    // How many connections ended otherwise than by an echo server: by a reset or too early.
    [[nodiscard]] std::uint64_t resets() const noexcept { return resets_; }
    [[nodiscard]] std::uint64_t early_ends() const noexcept { return early_ends_; }
    [[nodiscard]] std::uint64_t actions() const noexcept { return actions_; }
    // Connections that were reset by the server under test.
    [[nodiscard]] std::uint64_t was_reset() const noexcept { return was_reset_; }

private:
    struct Talk {
        ConnectionNumber connection = 0;
        Behaviour behaviour{};
        std::uint64_t turning_point = 0; // after so many bytes
        std::uint64_t heard = 0;
        ByteQueue answer{};
        bool finished = false;
        bool over = false;
        TimePoint next{}; // never: when the server changes something
        unsigned changes_seen = 0;
    };

    void meet_new_ones(TimePoint now);
    void talk(Talk& talk, TimePoint now);
    void leave_early(Talk& talk);
    void hear(Talk& talk);
    void say(Talk& talk);
    void hear_end(Talk& talk);

    Network& network_;
    Tape& tape_;
    std::size_t seen_ = 0; // connections of the network
    std::deque<ConnectionNumber> unconnected_;
    std::deque<Talk> talks_;
    bool healed_ = false;
    std::uint64_t resets_ = 0;
    std::uint64_t early_ends_ = 0;
    std::uint64_t was_reset_ = 0;
    std::uint64_t actions_ = 0;
};

} // namespace kodama::simulation
