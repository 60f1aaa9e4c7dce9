#include <kodama/core/timer_heap.hpp>

#include <kodama/base/assert.hpp>

namespace kodama {

TimerHeap::TimerHeap(std::uint32_t places) : heap_(places), positions_(places, nowhere) {
    KODAMA_ASSERT(places <= slots_max);
}

bool TimerHeap::before(Timer const& a, Timer const& b) noexcept {
    if (a.deadline != b.deadline) return a.deadline < b.deadline;
    return static_cast<std::int32_t>(a.number - b.number) < 0;
}

void TimerHeap::put(std::uint32_t index, Timer const& timer) noexcept {
    heap_[index] = timer;
    positions_[index_of(timer.slot)] = index;
}

// Finds the place of a timer, where that at `index` is free.
void TimerHeap::settle(std::uint32_t index, Timer const& timer) noexcept {
    while (index > 0) {
        std::uint32_t const parent = (index - 1) / 2;
        if (!before(timer, heap_[parent])) break;
        put(index, heap_[parent]);
        index = parent;
    }
    for (;;) {
        std::uint32_t child = 2 * index + 1;
        if (child + 1 < size_ && before(heap_[child + 1], heap_[child])) ++child;
        if (child >= size_ || !before(heap_[child], timer)) break;
        put(index, heap_[child]);
        index = child;
    }
    put(index, timer);
}

bool TimerHeap::running(Slot slot) const noexcept {
    KODAMA_ASSERT(index_of(slot) < positions_.size());
    return positions_[index_of(slot)] != nowhere;
}

void TimerHeap::start(Slot slot, TimePoint deadline) noexcept {
    std::uint32_t const index = running(slot) ? positions_[index_of(slot)] : size_++;
    KODAMA_ASSERT(index < heap_.size());
    settle(index, {deadline, slot, started_++});
}

void TimerHeap::stop(Slot slot) noexcept {
    if (!running(slot)) return;
    std::uint32_t const index = positions_[index_of(slot)];
    KODAMA_ASSERT(heap_[index].slot == slot);
    positions_[index_of(slot)] = nowhere;
    --size_;
    // The last one moves into the gap, unless it was the gap.
    if (index < size_) settle(index, heap_[size_]);
}

std::optional<Slot> TimerHeap::take_due(TimePoint now) noexcept {
    if (next_deadline() > now || size_ == 0) return std::nullopt;
    Slot const slot = heap_.front().slot;
    stop(slot);
    return slot;
}

} // namespace kodama
