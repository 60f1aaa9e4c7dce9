#include <kodama/ring/checked_ring.hpp>

#include <algorithm>
#include <bit>

namespace kodama {

CheckedRing::CheckedRing(Ring& inner, unsigned entries, unsigned completions,
                         bool direct_descriptors)
    : inner_(inner), protocol_(direct_descriptors) {
    unsigned const entry_count = std::bit_ceil(entries);
    unsigned const completion_count = std::bit_ceil(std::max(completions, entries));
    entries_ = std::make_unique<io_uring_sqe[]>(entry_count);
    completions_ = std::make_unique<std::byte[]>(completion_count * sizeof(io_uring_cqe));
    backlog_.reserve(completion_count);
    // Nobody but these functions looks at the kernel's tail of the submission queue.
    submission_ = {.entries = entries_.get(),
                   .kernel_head = &entries_head_,
                   .kernel_tail = nullptr,
                   .kernel_flags = &flags_,
                   .mask = entry_count - 1,
                   .tail = 0};
    void* const completion_memory = completions_.get();
    completion_ = {.entries = static_cast<io_uring_cqe*>(completion_memory),
                   .kernel_head = &completions_head_,
                   .kernel_tail = &completions_tail_,
                   .mask = completion_count - 1};
}

void CheckedRing::enter(unsigned wait_for, TimePoint deadline) noexcept {
    hand_in_entries();
    unsigned const there = completions_there();
    inner_.enter(wait_for - std::min(wait_for, there), deadline);
    give_entries_back();
    collect_completions();
}

void CheckedRing::submit() noexcept {
    hand_in_entries();
    inner_.submit();
    give_entries_back();
    collect_completions();
}

void CheckedRing::hand_in_entries() noexcept {
    protocol_.entering();
    for (; handed_in_ != submission_.tail; ++handed_in_) {
        io_uring_sqe* place = inner_.next_entry();
        if (place == nullptr) {
            inner_.submit();
            place = inner_.next_entry();
        }
        if (place == nullptr) return; // the kernel takes none just now: the next call tries again
        io_uring_sqe const& entry = entries_[handed_in_ & submission_.mask];
        // What the inner ring has counts as submitted, although the kernel may consume it only at a
        // later call: the program cannot take it back.
        protocol_.submitted(entry);
        *place = entry;
    }
}

void CheckedRing::give_entries_back() noexcept {
    // What the entries point at may be reused when they are all consumed, so they stay the kernel's
    // for as long as the inner ring does not say so.
    if (inner_.all_submitted()) store_release(&entries_head_, handed_in_);
}

unsigned CheckedRing::completions_there() const noexcept {
    auto const waiting = static_cast<unsigned>(backlog_.size() - backlog_begin_);
    return completions_tail_ - completions_head_ + waiting;
}

void CheckedRing::collect_completions() noexcept {
    inner_.visit([this](Completion const& completion) noexcept {
        io_uring_cqe entry{};
        entry.user_data = completion.user_data;
        entry.res = completion.result;
        entry.flags = completion.flags;
        protocol_.completed(entry);
        backlog_.push_back(completion);
    });
    if (inner_.caught_up()) protocol_.caught_up();
    show_completions();
}

void CheckedRing::show_completions() noexcept {
    // While the program visits, those that it visits keep their places: they lie behind the head.
    unsigned tail = completions_tail_;
    while (backlog_begin_ < backlog_.size() && tail - completions_head_ <= completion_.mask) {
        Completion const& completion = backlog_[backlog_begin_++];
        io_uring_cqe& entry = completion_.entries[tail++ & completion_.mask];
        entry.user_data = completion.user_data;
        entry.res = completion.result;
        entry.flags = completion.flags;
    }
    store_release(&completions_tail_, tail);
    bool const all_shown = backlog_begin_ == backlog_.size();
    store_release(&flags_, all_shown && !inner_.overflowing() ? 0 : IORING_SQ_CQ_OVERFLOW);
    if (!all_shown) return;
    backlog_.clear();
    backlog_begin_ = 0;
}

Ring::TimePoint CheckedRing::now() const noexcept { return inner_.now(); }

void CheckedRing::poll_busily(std::chrono::nanoseconds duration) noexcept {
    inner_.poll_busily(duration);
}

Ring::Usage CheckedRing::usage() noexcept { return inner_.usage(); }

void CheckedRing::wake() noexcept { inner_.wake(); }

int CheckedRing::wake_descriptor() const noexcept { return inner_.wake_descriptor(); }

Address CheckedRing::peer_address(int descriptor) noexcept {
    return inner_.peer_address(descriptor);
}

void CheckedRing::stop_arrivals(int listener) noexcept { inner_.stop_arrivals(listener); }

void CheckedRing::set_up_outgoing(int descriptor, std::chrono::nanoseconds send_timeout) noexcept {
    inner_.set_up_outgoing(descriptor, send_timeout);
}

int CheckedRing::register_direct_descriptors(unsigned count) noexcept {
    return inner_.register_direct_descriptors(count);
}

int CheckedRing::register_accept_range(unsigned count) noexcept {
    int const result = inner_.register_accept_range(count);
    if (result >= 0) protocol_.accept_range_registered(count);
    return result;
}

int CheckedRing::register_buffer_ring(io_uring_buf* entries, unsigned count,
                                      std::uint16_t group) noexcept {
    int const result = inner_.register_buffer_ring(entries, count, group);
    if (result >= 0) protocol_.buffer_ring_registered(entries, count, group);
    return result;
}

void CheckedRing::unregister_buffer_ring(std::uint16_t group) noexcept {
    // The kernel may have filled some that nobody has looked at.
    protocol_.entering();
    collect_completions();
    inner_.unregister_buffer_ring(group);
    protocol_.buffer_ring_unregistered(group);
}

} // namespace kodama
