// The queues of a CheckedRing: that what passes through is legal is the contract tests' business.
#include <kodama/ring/checked_ring.hpp>

#include <cstdint>
#include <vector>

#include <support/catch.hpp>
#include <support/last_words.hpp>

#include "scripted_ring.hpp"

using namespace kodama;
using kodama::testing::contains_text;
using kodama::testing::last_words;
using kodama::testing::ScriptedRing;

namespace {

constexpr unsigned queue_size = 4;

struct Around {
    ScriptedRing inner;
    CheckedRing ring{inner, queue_size, queue_size, true};

    // Hands in so many nops, with numbers from `first` on.
    void ask(unsigned count, std::uint64_t first) {
        for (unsigned i = 0; i < count; ++i) {
            io_uring_sqe* const entry = ring.next_entry();
            REQUIRE(entry != nullptr);
            entry->user_data = first + i;
        }
    }

    std::vector<std::uint64_t> seen() {
        std::vector<std::uint64_t> all;
        ring.visit([&](Completion const& completion) { all.push_back(completion.user_data); });
        return all;
    }
};

using Numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a CheckedRing keeps completions that its queue has no room for, in order") {
    Around around;
    for (std::uint64_t first : {1u, 5u}) {
        around.ask(4, first);
        around.ring.submit();
    }
    for (std::uint64_t i = 1; i <= 6; ++i)
        around.inner.complete(i, 0);
    around.ring.submit();
    CHECK(around.seen() == Numbers{1, 2, 3, 4});
    around.inner.complete(7, 0);
    around.ring.enter(1, Ring::TimePoint::max());
    CHECK(around.inner.waited_for.back() == 0); // There are some, so nobody may be made to wait.
    CHECK(around.seen() == Numbers{5, 6, 7});
    around.ring.enter(1, Ring::TimePoint::max());
    CHECK(around.inner.waited_for.back() == 1);
    around.inner.complete(8, 0);
    around.ring.submit();
    around.ring.enter(3, Ring::TimePoint::max());
    CHECK(around.inner.waited_for.back() == 2); // One is there, unseen.
    CHECK(around.seen() == Numbers{8});
}

TEST_CASE("a CheckedRing can be submitted to while its completions are visited") {
    Around around;
    around.ask(4, 1);
    around.ring.submit();
    around.ask(4, 5);
    for (std::uint64_t i = 1; i <= 3; ++i)
        around.inner.complete(i, 0);
    around.ring.submit();
    Numbers seen;
    around.ring.visit([&](Completion const& completion) {
        if (seen.empty()) {
            for (std::uint64_t i = 4; i <= 8; ++i)
                around.inner.complete(i, 0);
            around.ring.submit();
        }
        seen.push_back(completion.user_data);
    });
    CHECK(seen == Numbers{1, 2, 3}); // Those that came meanwhile took no place of these.
    CHECK(around.seen() == Numbers{4});
    around.ring.submit();
    CHECK(around.seen() == Numbers{5, 6, 7, 8});
}

TEST_CASE("a CheckedRing keeps entries that the kernel does not consume, and says so") {
    Around around;
    around.inner.quota = 2;
    around.ask(4, 1);
    CHECK(around.ring.next_entry() == nullptr);
    around.ring.submit();
    CHECK_FALSE(around.ring.all_submitted());
    CHECK(around.inner.consumed == Numbers{1, 2});
    around.ring.submit();
    CHECK_FALSE(around.ring.all_submitted());
    around.inner.quota = 100;
    around.ring.submit();
    CHECK(around.ring.all_submitted());
    CHECK(around.inner.consumed == Numbers{1, 2, 3, 4});
    around.ask(1, 5);
    around.ring.enter(0, Ring::TimePoint::max());
    CHECK(around.inner.consumed == Numbers{1, 2, 3, 4, 5});
}

TEST_CASE("a CheckedRing ends the process when a rule is broken") {
    CHECK_THAT(last_words([] {
                   Around around;
                   io_uring_sqe& entry = *around.ring.next_entry();
                   entry.opcode = IORING_OP_READV;
                   entry.user_data = 1;
                   around.ring.submit();
               }),
               contains_text("the program asks for operation 1 "));
}

TEST_CASE("a CheckedRing has not caught up while it keeps completions back") {
    Around around;
    for (std::uint64_t first : {1u, 5u}) {
        around.ask(4, first);
        CHECK_FALSE(around.ring.caught_up());
        around.ring.submit();
    }
    CHECK(around.ring.caught_up());
    for (std::uint64_t i = 1; i <= 6; ++i)
        around.inner.complete(i, 0);
    around.ring.submit();
    CHECK(around.ring.overflowing());
    CHECK_FALSE(around.ring.caught_up());
    CHECK(around.seen() == Numbers{1, 2, 3, 4});
    CHECK_FALSE(around.ring.caught_up());
    around.inner.queue_flags = IORING_SQ_CQ_OVERFLOW;
    around.ring.submit();
    CHECK(around.seen() == Numbers{5, 6});
    CHECK_FALSE(around.ring.caught_up()); // The inner one has more.
    around.inner.queue_flags = 0;
    around.ring.submit();
    CHECK(around.ring.caught_up());
}
