// Which events a server has met in which states.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <kodama/core/token.hpp>
#include <kodama/ring/abi.hpp>
#include <kodama/simulation/simulated_ring.hpp>

namespace kodama::simulation {

// The state of a connection as its traffic shows it.
enum class Situation : std::uint8_t {
    reading,     // receives, and has sent all that it was told to
    sending,     // a send that does not wait is on its way
    blocked,     // a send waits for the peer
    parked,      // waits for buffers
    paused,      // does not receive: it has too much to send, or is being drained
    half_closed, // the peer has finished, the server has not
    finishing,   // the server's FIN is on its way, or was sent
    ending,      // broken: what is in flight is cancelled
    closing,     // its descriptor is being closed
};

inline constexpr std::size_t situation_count = 9;

// What can happen to one.
enum class Happening : std::uint8_t {
    data,              // a receive that goes on brought bytes
    last_data,         // a receive that ends brought bytes
    fin,               //
    receive_failed,    // the connection is lost
    receive_again,     // it ended without anything: interrupted, or nothing there yet
    no_buffers,        //
    receive_cancelled, //
    sent,              // all of it
    sent_part,         // or nothing
    send_failed,       //
    send_cancelled,    //
    cancel_succeeded,  //
    cancel_not_found,  //
    cancel_too_late,   //
    shut_down,         //
    was_reset,         // by the server
    closed,            //
};

inline constexpr std::size_t happening_count = 17;

[[nodiscard]] std::string_view name_of(Situation situation) noexcept;
[[nodiscard]] std::string_view name_of(Happening happening) noexcept;

// Whether that can happen there. What cannot is a bug, of the server or of the simulation.
[[nodiscard]] bool legal(Situation situation, Happening happening) noexcept;

// How often each happened in each state. Plain numbers that may lie in shared memory.
struct CoverageCounts {
    std::array<std::array<std::uint64_t, happening_count>, situation_count> counts{};
};

// Follows each connection from the ring's traffic alone, so the server need not know of it.
class Coverage final : public Watcher {
public:
    // Hands on to `next` unless that is null.
    Coverage(CoverageCounts& counts, Watcher* next) : counts_(counts), next_(next) {}

    void on_submitted(io_uring_sqe const& entry, TimePoint now) override;
    void on_completed(io_uring_cqe const& entry, TimePoint now) override;
    void on_silent_success(std::uint64_t user_data, TimePoint now) override;

private:
    // Of one slot, since its last close was submitted.
    struct Track {
        Generation generation{};
        std::uint64_t send_length = 0;
        bool receiving = false;
        bool quick_send = false;
        bool patient_send = false;
        bool parked = false;
        bool peer_finished = false;
        bool finishing = false;
        bool broken = false;
        bool closing = false;
    };

    [[nodiscard]] Track& track_of(Token token);
    [[nodiscard]] static Situation situation_of(Track const& track) noexcept;
    [[nodiscard]] static Happening happening_of(Token token, io_uring_cqe const& entry,
                                                Track const& track) noexcept;
    static void follow(Token token, Happening happening, io_uring_cqe const& entry,
                       Track& track) noexcept;

    CoverageCounts& counts_;
    Watcher* next_;
    std::vector<Track> tracks_; // by slot
};

} // namespace kodama::simulation
