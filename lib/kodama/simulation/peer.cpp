#include <kodama/simulation/peer.hpp>

#include <algorithm>
#include <array>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

constexpr std::array<std::string_view, behaviour_max + 1> behaviour_names{
    "lockstep",    "pipelined", "half-closing", "trickling", "idle",
    "not reading", "leaving",   "resetting",    "vanishing"};

constexpr auto moment = std::chrono::microseconds(10); // between two actions, at least

Behaviour draw_behaviour(Tape& tape, Subject subject) {
    return static_cast<Behaviour>(tape.draw(Choice::behaviour, subject, behaviour_max));
}

// One in three, where all may stay.
Stay draw_stay(Tape& tape, Peer::World const& world, Subject subject) {
    if (!world.may_stay) return Stay::no;
    if (world.stay && subject > 1) return *world.stay;
    constexpr auto most = static_cast<std::uint32_t>(Stay::deaf);
    std::uint32_t const drawn = tape.draw(Choice::stays, subject, 3 * most);
    return drawn <= most ? static_cast<Stay>(drawn) : Stay::no;
}

} // namespace

std::string_view name_of(Behaviour behaviour) noexcept {
    return behaviour_names[static_cast<std::size_t>(behaviour)];
}

Peer::Peer(Network& network, Tape& tape, World const& world, Subject subject)
    : network_(network),
      tape_(tape),
      world_(world),
      subject_(subject),
      behaviour_(world.behaviour ? *world.behaviour : draw_behaviour(tape, subject)),
      stay_(draw_stay(tape, world, subject)),
      rounds_left_(tape.draw(Choice::rounds, subject, 3)),
      next_(TimePoint{} + moment * (1 + tape.draw(Choice::start, subject, 50))) {
    begin_round();
}

void Peer::begin_round() {
    // Mostly a little, sometimes much.
    constexpr std::array<std::uint32_t, 6> amounts{8, 1, 64, 500, 3000, 20000};
    std::uint32_t const bound = std::min(
        amounts[tape_.draw(Choice::amount, subject_, amounts.size() - 1)], world_.most_bytes);
    amount_ = 1 + tape_.draw(Choice::amount, subject_, bound);
    turning_point_ = tape_.draw(Choice::reset_at, subject_, bound);
    if (behaviour_ == Behaviour::idle || behaviour_ == Behaviour::vanishing) amount_ = 0;
    state_ = State::connecting;
}

TimePoint Peer::next_event() const noexcept {
    if (state_ == State::done) return never;
    // One that waits is woken by what the server does; one that pauses is not.
    if (next_ != never) return next_;
    unsigned const changes = state_ == State::talking
                                 ? network_.socket(now_talking().connection).changes
                                 : network_.queue_changes();
    return changes == changes_seen_ ? never : TimePoint{}; // at once
}

std::string Peer::run(TimePoint now) {
    if (next_event() > now) return {};
    if (state_ == State::connecting) {
        connect(now);
    } else {
        talk(now);
    }
    return std::move(complaint_);
}

void Peer::heal(TimePoint now) noexcept {
    healed_ = true;
    next_ = std::min(next_, now);
}

void Peer::connect(TimePoint now) {
    ConnectionNumber number = 0;
    // Which of the listening sockets is of no consequence; each gets some.
    int const listener = world_.listeners[(subject_ + rounds_left_) % world_.listeners.size()];
    changes_seen_ = network_.queue_changes();
    switch (network_.connect(listener, subject_, world_.windows, number)) {
    case Network::Connect::wait:
        next_ = never;
        return;
    case Network::Connect::refused:
        ++actions_;
        experiences_.push_back({.end = End::refused});
        state_ = State::done;
        return;
    case Network::Connect::connected:
        break;
    }
    ++actions_;
    experiences_.push_back({.connection = number});
    checker_ = world_.dialogue.checker(number);
    amount_ = world_.dialogue.complete(number, amount_);
    state_ = State::talking;
    changes_seen_ = 0;
    if (behaviour_ == Behaviour::vanishing) {
        network_.reset_by_peer(number, true);
        return leave(End::left);
    }
    next_ = now + pause();
}

Duration Peer::pause() {
    constexpr std::uint32_t longest = 14; // 2^14 us
    return moment + std::chrono::microseconds(
                        healed_ ? 0 : (1u << tape_.draw(Choice::pause, subject_, longest)) - 1);
}

// --- talking

void Peer::talk(TimePoint now) {
    changes_seen_ = network_.socket(now_talking().connection).changes;
    std::uint64_t const before = actions_;
    hear();
    if (state_ != State::talking) return;
    say();
    if (state_ != State::talking) return;
    // With nothing to do, it waits for the server to change something.
    next_ = actions_ == before ? never : now + pause();
}

bool Peer::reads() const noexcept {
    if (healed_) return stay_ != Stay::deaf;
    switch (behaviour_) {
    case Behaviour::not_reading:
        return false;
    case Behaviour::half_closing:
        return now_talking().finished;
    case Behaviour::leaving:
        return now_talking().said < turning_point_;
    default:
        return true;
    }
}

void Peer::hear() {
    Experience& talk = now_talking();
    Socket& socket = network_.socket(talk.connection);
    if (!reads() && !socket.over) return;
    std::span<std::byte const> heard = socket.outbound.bytes();
    if (!heard.empty()) {
        std::uint32_t const most = healed_ ? 0 : tape_.draw(Choice::read_size, subject_, 4096);
        if (most != 0) heard = heard.first(std::min<std::size_t>(heard.size(), most));
        if (std::string const wrong = checker_->check(heard); !wrong.empty()) {
            complaint_ = "peer " + std::to_string(subject_) + " heard " + wrong +
                         " of connection " + std::to_string(talk.connection);
            return;
        }
        talk.heard += heard.size();
        network_.read(talk.connection, heard.size());
        ++actions_;
        if (talk.heard > world_.dialogue.most(talk.connection, talk.said)) {
            complaint_ = "peer " + std::to_string(subject_) + " heard " +
                         std::to_string(talk.heard) + " bytes, more than it may after saying " +
                         std::to_string(talk.said);
            return;
        }
    }
    hear_end();
}

void Peer::hear_end() {
    Experience const& talk = now_talking();
    if (network_.at_fin(talk.connection)) {
        bool const complete = talk.finished && has_heard_what_is_due();
        if (stay_ != Stay::stubborn) network_.close_peer_end(talk.connection, false);
        return leave(complete ? End::answered : End::cut);
    }
    if (network_.at_reset(talk.connection)) {
        network_.reset_by_peer(talk.connection, false);
        return leave(End::reset);
    }
}

std::uint64_t Peer::may_say() const {
    Experience const& talk = now_talking();
    std::uint64_t const left = amount_ - talk.said;
    if (healed_ || behaviour_ != Behaviour::lockstep) return left;
    return has_heard_what_is_due() ? left : 0;
}

bool Peer::has_heard_what_is_due() const {
    Experience const& talk = now_talking();
    return talk.heard >= world_.dialogue.due(talk.connection, talk.said);
}

void Peer::say() {
    Experience& talk = now_talking();
    if (talk.finished) return;
    bool const at_turning_point = !healed_ && talk.said >= std::min(turning_point_, amount_);
    if (at_turning_point && behaviour_ == Behaviour::resetting) {
        network_.reset_by_peer(talk.connection, tape_.happens(Choice::loses_data, subject_));
        return leave(End::left);
    }
    if (at_turning_point && behaviour_ == Behaviour::leaving) {
        network_.close_peer_end(talk.connection, tape_.happens(Choice::loses_data, subject_));
        return leave(End::left);
    }
    std::uint64_t size = may_say();
    if (size == 0) {
        bool const patient = behaviour_ == Behaviour::idle || behaviour_ == Behaviour::not_reading;
        bool const waits = behaviour_ == Behaviour::lockstep ? !has_heard_what_is_due() : patient;
        if (talk.said == amount_ && (healed_ ? stay_ == Stay::no : !waits)) finish();
        return;
    }
    std::uint32_t const piece =
        behaviour_ == Behaviour::trickling ? 1 : tape_.draw(Choice::piece, subject_, 4096);
    if (piece != 0) size = std::min<std::uint64_t>(size, piece);
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = world_.dialogue.question(talk.connection, talk.said + i);
    std::size_t const count = network_.write(talk.connection, bytes);
    talk.said += count;
    if (count > 0) ++actions_;
    bool const last = talk.said == amount_ && count > 0;
    // The FIN in the same segment as the last bytes, or later.
    if (last && behaviour_ == Behaviour::half_closing) finish();
}

void Peer::finish() {
    Experience& talk = now_talking();
    talk.finished = true;
    network_.finish(talk.connection);
    ++actions_;
}

void Peer::leave(End end) {
    now_talking().end = end;
    ++actions_;
    if (rounds_left_ == 0 || stay_ != Stay::no) {
        state_ = State::done;
        return;
    }
    --rounds_left_;
    next_ = TimePoint{}; // at once
    begin_round();
}

std::string Peer::describe() const {
    std::string text =
        "peer " + std::to_string(subject_) + " (" + std::string(name_of(behaviour_)) + ")";
    if (state_ == State::done) return text + " is done";
    if (state_ == State::connecting) return text + " waits to be connected";
    Experience const& talk = now_talking();
    text += " of connection " + std::to_string(talk.connection) + " has said " +
            std::to_string(talk.said) + " of " + std::to_string(amount_) + " bytes";
    if (talk.finished) text += " and FIN";
    text += ", heard " + std::to_string(talk.heard);
    return text + (network_.socket(talk.connection).accepted ? "" : ", and was never accepted");
}

} // namespace kodama::simulation
