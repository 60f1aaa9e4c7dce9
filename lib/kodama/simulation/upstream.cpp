#include <kodama/simulation/upstream.hpp>

#include <algorithm>
#include <vector>

namespace kodama::simulation {

namespace {

constexpr auto moment = std::chrono::microseconds(10); // between two actions, at least

} // namespace

TimePoint Upstream::next_event() const noexcept {
    TimePoint next = never;
    for (ConnectionNumber const number : unconnected_) {
        if (network_.socket(number).connected) return TimePoint{};
    }
    if (seen_ < network_.connection_count()) return TimePoint{};
    for (Talk const& talk : talks_) {
        if (talk.over) continue;
        bool const changed = network_.socket(talk.connection).changes != talk.changes_seen;
        next = std::min(next, talk.next == never && changed ? TimePoint{} : talk.next);
    }
    return next;
}

void Upstream::heal(TimePoint now) noexcept {
    healed_ = true;
    for (Talk& talk : talks_)
        talk.next = std::min(talk.next, now);
}

void Upstream::run(TimePoint now) {
    meet_new_ones(now);
    for (Talk& one : talks_) {
        if (one.over) continue;
        bool const changed = network_.socket(one.connection).changes != one.changes_seen;
        if (one.next <= now || (one.next == never && changed)) talk(one, now);
    }
}

void Upstream::meet_new_ones(TimePoint now) {
    for (; seen_ < network_.connection_count(); ++seen_) {
        auto const number = static_cast<ConnectionNumber>(seen_);
        if (network_.socket(number).outgoing) unconnected_.push_back(number);
    }
    std::erase_if(unconnected_, [&](ConnectionNumber number) {
        Socket const& socket = network_.socket(number);
        if (!socket.connected) return socket.server_closed || socket.over;
        constexpr auto worst = static_cast<std::uint32_t>(Behaviour::closing);
        auto const behaviour =
            healed_ ? Behaviour::echo
                    : static_cast<Behaviour>(tape_.draw(Choice::upstream, whole_run, worst));
        talks_.push_back({.connection = number,
                          .behaviour = behaviour,
                          .turning_point = tape_.draw(Choice::upstream_pace, whole_run, 100),
                          .next = now});
        return true;
    });
}

void Upstream::talk(Talk& talk, TimePoint now) {
    talk.changes_seen = network_.socket(talk.connection).changes;
    std::uint64_t const before = actions_;
    hear_end(talk);
    if (!talk.over) hear(talk);
    if (!talk.over && !healed_ && talk.heard >= talk.turning_point) leave_early(talk);
    if (!talk.over) say(talk);
    // With nothing to do, it waits for the server to change something.
    Duration pause = moment;
    if (talk.behaviour == Behaviour::slow && !healed_) {
        pause += std::chrono::microseconds(1u << tape_.draw(Choice::upstream_pace, whole_run, 12));
    }
    talk.next = actions_ == before ? never : now + pause;
}

void Upstream::leave_early(Talk& talk) {
    if (talk.behaviour == Behaviour::finishing && !talk.finished) {
        ++early_ends_;
        ++actions_;
        talk.finished = true;
        talk.answer.clear();
        network_.finish(talk.connection);
    } else if (talk.behaviour == Behaviour::resetting) {
        ++resets_;
        ++actions_;
        talk.over = true;
        network_.reset_by_peer(talk.connection, false);
    } else if (talk.behaviour == Behaviour::closing) {
        ++early_ends_;
        ++resets_; // for what is still sent to it
        ++actions_;
        talk.over = true;
        network_.close_peer_end(talk.connection, false);
    }
}

void Upstream::hear(Talk& talk) {
    Socket const& socket = network_.socket(talk.connection);
    if (!talk.answer.empty() && !socket.over) return;
    if (talk.behaviour == Behaviour::not_reading && !healed_ && !socket.over) return;
    std::span<std::byte const> heard = socket.outbound.bytes();
    if (heard.empty()) return;
    std::uint32_t const most = healed_ ? 0 : tape_.draw(Choice::upstream_pace, whole_run, 4096);
    if (most != 0) heard = heard.first(std::min<std::size_t>(heard.size(), most));
    talk.heard += heard.size();
    if (!talk.finished) talk.answer.push(heard);
    network_.read(talk.connection, heard.size());
    ++actions_;
}

void Upstream::say(Talk& talk) {
    std::size_t const count =
        talk.finished ? 0 : network_.write(talk.connection, talk.answer.bytes());
    if (count > 0) {
        talk.answer.pop(count);
        ++actions_;
    }
    if (talk.finished || !talk.answer.empty()) return;
    if (!network_.at_fin(talk.connection)) return;
    talk.finished = true;
    ++actions_;
    network_.close_peer_end(talk.connection, false);
    talk.over = true;
}

void Upstream::hear_end(Talk& talk) {
    if (network_.at_reset(talk.connection)) {
        if (!network_.socket(talk.connection).lost) ++was_reset_;
        talk.over = true;
        network_.reset_by_peer(talk.connection, false);
    } else if (talk.finished && network_.at_fin(talk.connection)) {
        talk.over = true;
        network_.close_peer_end(talk.connection, false);
    }
}

} // namespace kodama::simulation
