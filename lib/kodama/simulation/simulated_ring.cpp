#include <kodama/simulation/simulated_ring.hpp>

#include <algorithm>
#include <bit>

namespace kodama::simulation {

namespace {

constexpr int first_ordinary = 100;

} // namespace

SimulatedRing::SimulatedRing(Network& network, Tape& tape, Outside& outside,
                             SometimesCounts& sometimes, Setup const& setup)
    : network_(network),
      tape_(tape),
      outside_(outside),
      sometimes_(sometimes),
      features_(setup.features),
      outgoing_windows_(setup.windows),
      entries_(std::bit_ceil(setup.entries)),
      completions_(std::bit_ceil(setup.completions)),
      ordinary_(setup.descriptors, first_ordinary) {
    if (setup.check_protocol) protocol_.emplace(features_.has(Feature::direct_descriptors));
    submission_ = {.entries = entries_.data(),
                   .kernel_head = &entries_head_,
                   .kernel_tail = &entries_tail_,
                   .kernel_flags = &entries_flags_,
                   .mask = static_cast<unsigned>(entries_.size() - 1),
                   .tail = 0};
    completion_ = {.entries = completions_.data(),
                   .kernel_head = &completions_head_,
                   .kernel_tail = &completions_tail_,
                   .mask = static_cast<unsigned>(completions_.size() - 1)};
}

SimulatedRing::~SimulatedRing() = default;

// --- entering

void SimulatedRing::enter(unsigned wait_for, TimePoint deadline) noexcept {
    pass_time();
    outside_.run(now_); // what happened while the program did its work
    if (tape_.happens(Choice::enter_fails)) {
        sometimes_.note(Sometimes::enter_failed);
        ++progress_;
        return returning();
    }
    // The kernel returns how many it took, and does not wait when that was not all.
    if (consume()) wait(wait_for, deadline);
    returning();
}

void SimulatedRing::submit() noexcept {
    bool const took_all = consume();
    // Deferred work waits for an enter() that waits for completions; without that mode, it is done
    // whenever the thread comes by.
    if (took_all && !features_.has(Feature::defer_taskrun)) run_deferred(0);
    returning();
}

void SimulatedRing::returning() noexcept {
    if (protocol_ && caught_up()) protocol_->caught_up();
    for (unsigned i = entries_head_; i != submission_.tail; ++i) {
        bool const silent = (entries_[i & submission_.mask].flags & IOSQE_CQE_SKIP_SUCCESS) != 0;
        if (silent) sometimes_.note(Sometimes::silent_send_left_over);
    }
}

void SimulatedRing::pass_time() noexcept {
    constexpr auto call = std::chrono::microseconds(1);
    constexpr std::uint32_t longest_jump = 12; // 2^12 ms
    now_ += call;
    if (std::uint32_t const jump = tape_.draw(Choice::clock_jumps, whole_run, longest_jump)) {
        now_ += std::chrono::milliseconds(1u << jump);
        jumped_ += std::chrono::milliseconds(1u << jump);
        ++progress_;
    }
}

bool SimulatedRing::consume() noexcept {
    if (protocol_) protocol_->entering();
    unsigned const queued = submission_.tail - entries_head_;
    if (queued > submission_.mask) sometimes_.note(Sometimes::submission_queue_full);
    unsigned taken = queued;
    // Fewer: the kernel had no memory for the rest.
    if (std::uint32_t const part = tape_.draw(Choice::submit_part, whole_run, 8)) {
        taken = std::min(queued, part - 1);
        ++progress_;
    }
    for (unsigned i = 0; i < taken; ++i) {
        // A copy, and its place is free before it is carried out: the kernel does the same.
        io_uring_sqe const entry = entries_[entries_head_ & submission_.mask];
        ++entries_head_;
        if (protocol_) protocol_->submitted(entry);
        if (watcher_ != nullptr) watcher_->on_submitted(entry, now_);
        issue(entry);
    }
    if (taken < queued) sometimes_.note(Sometimes::entries_submitted_in_part);
    return taken == queued;
}

void SimulatedRing::wait(unsigned wait_for, TimePoint deadline) noexcept {
    constexpr std::uint32_t most_work = 20;
    asleep_for_ever_ = false;
    unsigned const limit = tape_.draw(Choice::work_limit, whole_run, most_work);
    for (;;) {
        outside_.run(now_);
        flush_overflow();
        run_deferred(limit);
        flush_overflow();
        if (completions_ready() >= wait_for) {
            if (wait_for > 1) sometimes_.note(Sometimes::batch_complete);
            return;
        }
        if (tape_.happens(Choice::wake_early)) {
            sometimes_.note(Sometimes::woken_for_nothing);
            ++progress_;
            return;
        }
        if (now_ >= deadline) {
            if (wait_for > 1) sometimes_.note(Sometimes::batch_in_vain);
            return;
        }
        TimePoint const next = std::min({deadline, next_ready(), outside_.next_event()});
        if (next == never) {
            asleep_for_ever_ = true;
            return;
        }
        if (next > now_) ++progress_;
        now_ = std::max(now_, next);
    }
}

// --- deferred work: what became ready after it was armed, and results that are told late

void SimulatedRing::run_deferred(unsigned limit) noexcept {
    // Numbers, for the tables move while the work is done.
    std::vector<std::uint64_t> ready;
    for (unsigned done = 0; limit == 0 || done < limit; ++done) {
        if (next_ready() > now_) return;
        ready.clear();
        for (Request const& request : armed_) {
            if (request.ready_at <= now_) ready.push_back(request.sequence);
        }
        for (Answer const& answer : answers_) {
            if (answer.ready_at <= now_) ready.push_back(answer.sequence);
        }
        std::sort(ready.begin(), ready.end());
        auto const others = static_cast<std::uint32_t>(ready.size() - 1);
        std::uint64_t const chosen = ready[tape_.draw(Choice::order, whole_run, others)];
        auto const request = std::find_if(armed_.begin(), armed_.end(), [&](Request const& one) {
            return one.sequence == chosen;
        });
        if (request != armed_.end()) {
            // On its own while it is tried: what it does may arm or cancel others.
            Request trial = std::move(*request);
            armed_.erase(request);
            trial.ready_at = never;
            if (!attempt(trial, false)) {
                trial.sequence = ++sequence_; // behind the others
                armed_.push_back(std::move(trial));
            }
            continue;
        }
        auto const answer = std::find_if(answers_.begin(), answers_.end(),
                                         [&](Answer const& one) { return one.sequence == chosen; });
        Answer const told = *answer;
        answers_.erase(answer);
        post(told.user_data, told.result, 0);
    }
}

TimePoint SimulatedRing::next_ready() noexcept {
    TimePoint next = never;
    for (Request& request : armed_) {
        if (request.ready_at == never && ready(request)) {
            Subject const subject = request.listener < 0 && request.opcode != IORING_OP_READ
                                        ? socket_of(request).subject
                                        : whole_run;
            request.ready_at = now_ + delay_of(Choice::late, subject);
        }
        next = std::min(next, request.ready_at);
    }
    for (Answer const& answer : answers_)
        next = std::min(next, answer.ready_at);
    return next;
}

Duration SimulatedRing::delay_of(Choice choice, Subject subject) noexcept {
    constexpr std::uint32_t longest = 16; // 2^16 us
    std::uint32_t const exponent = tape_.draw(choice, subject, longest);
    return exponent == 0 ? Duration::zero() : std::chrono::microseconds(1u << exponent);
}

// --- the completion queue

unsigned SimulatedRing::completions_ready() const noexcept {
    return completions_tail_ - completions_head_;
}

void SimulatedRing::place(io_uring_cqe const& completion) noexcept {
    if (protocol_) protocol_->completed(completion);
    if (watcher_ != nullptr) watcher_->on_completed(completion, now_);
    completions_[completions_tail_ & completion_.mask] = completion;
    store_release(&completions_tail_, completions_tail_ + 1);
}

void SimulatedRing::post(std::uint64_t user_data, std::int32_t result,
                         std::uint32_t flags) noexcept {
    io_uring_cqe completion{};
    completion.user_data = user_data;
    completion.res = result;
    completion.flags = flags;
    if (overflow_.empty() && completions_ready() <= completion_.mask) return place(completion);
    sometimes_.note(Sometimes::completions_overflowed);
    overflow_.push_back(completion);
    note_overflow();
}

void SimulatedRing::note_overflow() noexcept {
    store_release(&entries_flags_, overflow_.empty() ? 0 : IORING_SQ_CQ_OVERFLOW);
}

// A completion after which the request goes on. Where the queue has no place for it, it becomes the
// request's last one: false.
bool SimulatedRing::post_more(std::uint64_t user_data, std::int32_t result,
                              std::uint32_t flags) noexcept {
    bool const room = overflow_.empty() && completions_ready() <= completion_.mask;
    if (!room) sometimes_.note(Sometimes::multishot_ended_by_overflow);
    post(user_data, result, room ? flags | IORING_CQE_F_MORE : flags);
    return room;
}

void SimulatedRing::flush_overflow() noexcept {
    while (!overflow_.empty() && completions_ready() <= completion_.mask) {
        sometimes_.note(Sometimes::overflow_flushed);
        place(overflow_.front());
        overflow_.pop_front();
    }
    note_overflow();
}

std::size_t SimulatedRing::buffers_held() const noexcept {
    std::size_t held = 0;
    for (SharedBuffers const& group : groups_)
        held += group.available();
    auto const brings_buffer = [](io_uring_cqe const& completion) {
        return (completion.flags & IORING_CQE_F_BUFFER) != 0;
    };
    for (unsigned i = completions_head_; i != completions_tail_; ++i) {
        if (brings_buffer(completions_[i & completion_.mask])) ++held;
    }
    auto const overflown = std::count_if(overflow_.begin(), overflow_.end(), brings_buffer);
    return held + static_cast<std::size_t>(overflown);
}

} // namespace kodama::simulation
