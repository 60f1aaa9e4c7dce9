#include <kodama/core/timer_heap.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <support/catch.hpp>

using kodama::never;
using kodama::Slot;
using kodama::TimePoint;
using kodama::TimerHeap;

namespace {

TimePoint at(int time) { return TimePoint(TimePoint::duration(time)); }

// What the heap has to do, in the plainest way.
class Model {
public:
    void start(Slot slot, TimePoint deadline) {
        stop(slot);
        timers_.push_back({deadline, slot});
    }
    void stop(Slot slot) {
        std::erase_if(timers_, [&](Timer const& timer) { return timer.slot == slot; });
    }
    [[nodiscard]] TimePoint next_deadline() const {
        TimePoint deadline = never;
        for (Timer const& timer : timers_)
            deadline = std::min(deadline, timer.deadline);
        return deadline;
    }
    [[nodiscard]] std::optional<Slot> take_due(TimePoint now) {
        auto const first = // the first of equals
            std::min_element(timers_.begin(), timers_.end(), [](Timer const& a, Timer const& b) {
                return a.deadline < b.deadline;
            });
        if (first == timers_.end() || first->deadline > now) return std::nullopt;
        Slot const slot = first->slot;
        timers_.erase(first);
        return slot;
    }
    [[nodiscard]] std::size_t size() const { return timers_.size(); }

private:
    struct Timer {
        TimePoint deadline;
        Slot slot;
    };
    std::vector<Timer> timers_; // in the order of their starts
};

} // namespace

TEST_CASE("a heap without timers has no deadline and nothing due") {
    TimerHeap heap(4);
    CHECK(heap.next_deadline() == never);
    CHECK(heap.take_due(at(1000)) == std::nullopt);
    heap.stop(Slot{3}); // which does not run
    CHECK(heap.size() == 0);
    CHECK(TimerHeap(0).next_deadline() == never);
}

TEST_CASE("a timer is due at its deadline and not before, once") {
    TimerHeap heap(1);
    heap.start(Slot{0}, at(10));
    CHECK(heap.running(Slot{0}));
    CHECK(heap.next_deadline() == at(10));
    CHECK(heap.take_due(at(9)) == std::nullopt);
    CHECK(heap.take_due(at(10)) == Slot{0});
    CHECK_FALSE(heap.running(Slot{0}));
    CHECK(heap.take_due(at(10)) == std::nullopt);
}

TEST_CASE("a timer that is started again has the new deadline, later or earlier") {
    TimerHeap heap(2);
    heap.start(Slot{0}, at(10));
    heap.start(Slot{1}, at(20));
    heap.start(Slot{0}, at(30));
    CHECK(heap.size() == 2);
    CHECK(heap.next_deadline() == at(20));
    heap.start(Slot{0}, at(5));
    CHECK(heap.next_deadline() == at(5));
}

TEST_CASE("timers that never end are never due") {
    TimerHeap heap(1);
    heap.start(Slot{0}, never);
    CHECK(heap.next_deadline() == never);
    CHECK(heap.take_due(at(1000)) == std::nullopt);
}

TEST_CASE("of timers with one deadline the first that was started is due first") {
    TimerHeap heap(5);
    for (std::uint32_t const slot : {3u, 0u, 4u, 1u, 2u})
        heap.start(Slot{slot}, at(7));
    heap.start(Slot{0}, at(7)); // again, so it is the last now
    for (std::uint32_t const slot : {3u, 4u, 1u, 2u, 0u})
        CHECK(heap.take_due(at(7)) == Slot{slot});
}

TEST_CASE("whatever is done to it, a heap does what a list would do") {
    std::uint32_t const places = GENERATE(1u, 2u, 7u, 64u);
    unsigned const seed = GENERATE(range(1u, 6u));
    INFO("places " << places << ", seed " << seed);
    std::mt19937 random(seed);
    auto const below = [&](std::uint32_t bound) {
        return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random);
    };
    TimerHeap heap(places);
    Model model;
    int now = 0;
    for (int step = 0; step < 3000; ++step) {
        Slot const slot{below(places)};
        switch (below(4)) {
        case 0:
        case 1: {
            TimePoint const deadline = at(now + static_cast<int>(below(20)));
            heap.start(slot, deadline);
            model.start(slot, deadline);
            break;
        }
        case 2:
            heap.stop(slot);
            model.stop(slot);
            break;
        default: {
            now += static_cast<int>(below(5));
            std::optional<Slot> due;
            do {
                due = heap.take_due(at(now));
                REQUIRE(due == model.take_due(at(now)));
            } while (due);
        }
        }
        REQUIRE(heap.next_deadline() == model.next_deadline());
        REQUIRE(heap.size() == model.size());
    }
}
