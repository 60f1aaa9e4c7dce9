#include <kodama/simulation/exhaustive.hpp>

#include <algorithm>
#include <utility>

#include <kodama/simulation/peer.hpp>

namespace kodama::simulation {

namespace {

constexpr Decision run(Choice choice, std::uint32_t value, std::uint32_t index = 0) noexcept {
    return {choice, whole_run, index, value};
}

constexpr Decision peer(Subject subject, Choice choice, std::uint32_t value,
                        std::uint32_t index = 0) noexcept {
    return {choice, subject, index, value};
}

constexpr Decision behaves(Subject subject, Behaviour behaviour) noexcept {
    return peer(subject, Choice::behaviour, static_cast<std::uint32_t>(behaviour));
}

// Indices into the tables of plan.cpp.
constexpr std::uint32_t two_buffers = 2;
constexpr std::uint32_t four_completions = 3;
constexpr std::uint32_t small_window = 2; // 10 bytes

Script with(Script base, std::initializer_list<Decision> more) {
    base.insert(base.end(), more);
    return base;
}

} // namespace

std::vector<Scope> small_scopes() {
    Script const two_peers{run(Choice::peers, 1), run(Choice::buffers, two_buffers),
                           run(Choice::completions, four_completions), run(Choice::entries, 3)};
    Script const tight = with(
        two_peers, {run(Choice::send_window, small_window), run(Choice::max_pending, small_window),
                    peer(1, Choice::amount, 2), peer(1, Choice::amount, 30, 1)});
    // Neither comes to an end by itself, so the server has to; and the same with enough to say that
    // the middle of the run is among it.
    Script const stuck =
        with(tight, {behaves(1, Behaviour::not_reading), behaves(2, Behaviour::idle)});
    Script const busy =
        with(tight, {behaves(1, Behaviour::not_reading), behaves(2, Behaviour::trickling),
                     peer(2, Choice::amount, 2), peer(2, Choice::amount, 11, 1)});
    return {
        {"lockstep", two_peers},
        {"lockstep, sends that complete", with(two_peers, {run(Choice::features, 16)})},
        {"small windows",
         with(two_peers, {run(Choice::send_window, small_window), peer(1, Choice::amount, 2),
                          peer(1, Choice::amount, 12, 1)})},
        {"half-closing",
         with(two_peers, {behaves(1, Behaviour::half_closing), behaves(2, Behaviour::pipelined)})},
        {"not reading", with(tight, {behaves(1, Behaviour::not_reading)})},
        {"resetting", with(tight, {behaves(1, Behaviour::resetting), peer(1, Choice::reset_at, 5),
                                   behaves(2, Behaviour::leaving)})},
        {"one place", with(two_peers, {run(Choice::slots, 1), peer(1, Choice::rounds, 1)})},
        {"two places", with(two_peers, {run(Choice::slots, 2), peer(1, Choice::rounds, 1),
                                        peer(2, Choice::rounds, 1)})},
        {"two listeners, one place",
         with(two_peers, {run(Choice::slots, 1), run(Choice::peers, 1, 1)})},
        {"idle for too long", with(stuck, {run(Choice::idle_timeout, 2)})},
        {"draining", with(stuck, {run(Choice::ending, 1)})},
        {"draining under faults", with(busy, {run(Choice::ending, 2)})},
        {"draining under faults, too late",
         with(busy, {run(Choice::ending, 2), run(Choice::ending, 3, 1)})},
        {"stopping", with(stuck, {run(Choice::ending, 3)})},
        {"nothing optional", with(two_peers, {run(Choice::features, 31)})},
    };
}

Exhaustive::Exhaustive(Script base, std::size_t depth, std::uint32_t values)
    : depth_(depth), values_(values) {
    path_.push_back({.script = std::move(base)});
}

std::unique_ptr<Tape> Exhaustive::next(DecisionLog& log) {
    if (runs_ > 0) {
        finish_run();
        if (!begin_next()) return nullptr;
    }
    ++runs_;
    auto tape = std::make_unique<ScriptedTape>(log, path_.back().script);
    asked_.clear();
    tape->note_questions(&asked_);
    return tape;
}

// The questions after the node's own last fault are where one more may be put.
void Exhaustive::finish_run() {
    Node& node = path_.back();
    if (path_.size() > depth_) return; // as many faults as there may be
    std::size_t first = 0;
    if (path_.size() > 1) {
        Decision const& last = node.script.back();
        auto const own = std::find_if(asked_.begin(), asked_.end(), [&](Question const& question) {
            return question.choice == last.choice && question.subject == last.subject &&
                   question.index == last.index;
        });
        first = static_cast<std::size_t>(own - asked_.begin()) + 1;
    }
    for (std::size_t i = first; i < asked_.size(); ++i) {
        if (is_fault(asked_[i].choice)) node.questions.push_back(asked_[i]);
    }
}

bool Exhaustive::begin_next() {
    while (!path_.empty()) {
        Node& node = path_.back();
        if (node.next_question == node.questions.size()) {
            path_.pop_back();
            continue;
        }
        Question const& question = node.questions[node.next_question];
        Node child{.script = node.script};
        child.script.push_back(
            {question.choice, question.subject, question.index, node.next_value});
        if (++node.next_value > std::min(question.bound, values_)) {
            ++node.next_question;
            node.next_value = 1;
        }
        path_.push_back(std::move(child));
        return true;
    }
    return false;
}

} // namespace kodama::simulation
