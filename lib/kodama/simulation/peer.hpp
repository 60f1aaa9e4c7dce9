// A client of the server under test, as an actor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/core/deadline.hpp>
#include <kodama/simulation/dialogue.hpp>
#include <kodama/simulation/network.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// From the plainest to the worst.
enum class Behaviour : std::uint8_t {
    lockstep,     // says a piece, waits for its answer, says the next
    pipelined,    // says all it has to say as fast as it may, and reads beside
    half_closing, // says everything, finishes, and only then reads
    trickling,    // says one byte at a time
    idle,         // connects and says nothing
    not_reading,  // says all it can, and reads nothing until the faults end
    leaving,      // closes in the middle, without reading what comes
    resetting,    // resets the connection in the middle
    vanishing,    // connects and is gone
};

inline constexpr std::uint32_t behaviour_max = static_cast<std::uint32_t>(Behaviour::vanishing);

// Whether it finishes when the faults are over, or leaves the end to the server.
enum class Stay : std::uint8_t {
    no,       // it says all it has to say and finishes
    patient,  // it finishes when the server has
    stubborn, // it never does
    deaf,     // and reads nothing either
};

[[nodiscard]] std::string_view name_of(Behaviour behaviour) noexcept;

// How a connection ended, for its peer.
enum class End : std::uint8_t {
    none,     // it has not
    answered, // FIN after everything that was due
    cut,      // FIN before that
    reset,    // the server's reset
    left,     // the peer's own doing
    refused,  // nobody listens any more
};

// What a peer knows of one of its connections.
struct Experience {
    ConnectionNumber connection = 0;
    std::uint64_t said = 0;
    std::uint64_t heard = 0;
    bool finished = false; // it said FIN
    End end = End::none;
};

// One client, or several one after the other. It looks at its connection whenever that changes, and
// at times of its own, which the tape decides.
//
//   connecting ──▶ talking ──▶ done ──next round──▶ connecting
class Peer {
public:
    // What all peers of a run have in common.
    struct World {
        Dialogue const& dialogue;
        std::vector<int> const& listeners;
        Network::Windows windows;
        std::uint32_t most_bytes;           // that it says in a round
        std::optional<Behaviour> behaviour; // of all of them
        std::optional<Stay> stay;           // of all but the first
        bool may_stay;                      // there are places enough for all
    };

    Peer(Network& network, Tape& tape, World const& world, Subject subject);

    [[nodiscard]] TimePoint next_event() const noexcept;
    // Returns what is wrong with what it heard; empty if nothing is.
    [[nodiscard]] std::string run(TimePoint now);

    // From now on it says what it has to say, finishes, and reads to the end; unless it stays.
    void heal(TimePoint now) noexcept;

    [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
    [[nodiscard]] Stay stay() const noexcept { return stay_; }
    [[nodiscard]] std::vector<Experience> const& experiences() const noexcept {
        return experiences_;
    }
    [[nodiscard]] Subject subject() const noexcept { return subject_; }
    [[nodiscard]] Behaviour behaviour() const noexcept { return behaviour_; }
    // For whoever wants to know why it is not done.
    [[nodiscard]] std::string describe() const;
    // How often it did something: the world goes on while this grows.
    [[nodiscard]] std::uint64_t actions() const noexcept { return actions_; }

private:
    enum class State : std::uint8_t { connecting, talking, done };

    void connect(TimePoint now);
    void begin_round();
    void talk(TimePoint now);
    void say();
    void hear();
    void hear_end();
    void leave(End end);
    void finish();
    [[nodiscard]] std::uint64_t may_say() const;
    [[nodiscard]] bool reads() const noexcept;
    [[nodiscard]] bool has_heard_what_is_due() const;
    [[nodiscard]] Duration pause();
    [[nodiscard]] Experience& now_talking() noexcept { return experiences_.back(); }
    [[nodiscard]] Experience const& now_talking() const noexcept { return experiences_.back(); }

    Network& network_;
    Tape& tape_;
    World world_;
    Subject subject_;
    Behaviour behaviour_;
    Stay stay_;
    std::uint32_t rounds_left_;
    std::uint64_t amount_ = 0; // that it has to say in this round
    std::uint64_t turning_point_ = 0;
    State state_ = State::connecting;
    TimePoint next_;
    unsigned changes_seen_ = 0;
    bool healed_ = false;
    std::string complaint_;
    std::unique_ptr<Checker> checker_; // of the connection that it has
    std::vector<Experience> experiences_;
    std::uint64_t actions_ = 0;
};

} // namespace kodama::simulation
