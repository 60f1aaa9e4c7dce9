#include <kodama/core/busy_polling.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

#include <support/catch.hpp>

namespace kodama {

namespace {

using namespace std::chrono_literals;

// How completions come while a worker sleeps, or looks.
struct Way {
    Duration cost = 20us; // CPU time of each
    std::uint64_t bytes = 64;
    std::uint64_t preemptions = 0; // in 128 of them
};

// A worker's turns of one completion each, and what they use.
class Load {
public:
    // Its first window is over.
    Load(Way of_sleeping, Way of_looking) : sleeping(of_sleeping), looking(of_looking) {
        usage_.cpu_time = 10s; // what set it up cost
        run_windows(1);
    }

    [[nodiscard]] bool looks() const { return polling.duration() > Duration::zero(); }

    // So many completions. How many of them came while it looked.
    std::uint32_t run(std::uint32_t completions) {
        std::uint32_t looked = 0;
        for (std::uint32_t i = 0; i < completions; ++i) {
            Way const& way = looks() ? looking : sleeping;
            looked += looks() ? 1u : 0u;
            usage_.cpu_time += way.cost;
            usage_.bytes += way.bytes;
            preempted_128_times_ += way.preemptions;
            if (!polling.turned(1)) continue;
            usage_.preemptions = preempted_128_times_ / BusyPolling::window;
            polling.judge(usage_);
        }
        return looked;
    }
    std::uint32_t run_windows(std::uint32_t count) { return run(count * BusyPolling::window); }

    BusyPolling polling{std::nullopt};
    Way sleeping;
    Way looking;

private:
    BusyPolling::Usage usage_;
    std::uint64_t preempted_128_times_ = 0;
};

constexpr std::uint32_t trial = BusyPolling::first_window + 3 * BusyPolling::window;

} // namespace

TEST_CASE("busy polling: who names a time looks for so long, always") {
    BusyPolling polling(50us);
    CHECK(polling.duration() == 50us);
    CHECK_FALSE(polling.turned(1'000'000));
    BusyPolling const none(0us);
    CHECK(none.duration() == 0us);
}

TEST_CASE("busy polling: looking is tried, and kept where it is cheaper or costs the same") {
    Duration const cost = GENERATE(50us, 100us, 103us);
    Load load({.cost = 100us}, {.cost = cost});
    CHECK_FALSE(load.looks());
    CHECK(load.run_windows(BusyPolling::pause_min) == 0);
    CHECK(load.polling.duration() == BusyPolling::usual_duration);
    CHECK(load.run(trial) == trial);
    CHECK(load.looks());
}

TEST_CASE("busy polling: where looking is far dearer, the shortest trial is enough to see it") {
    Load load({.cost = 20us}, {.cost = 31us});
    for (std::uint32_t pause = BusyPolling::pause_min; pause <= BusyPolling::pause_max;
         pause *= 2) {
        CHECK(load.run_windows(pause) == 0);
        CHECK(load.looks());
        CHECK(load.run(BusyPolling::first_window) == BusyPolling::first_window);
        CHECK_FALSE(load.looks());
    }
    // No longer pauses than that.
    CHECK(load.run_windows(BusyPolling::pause_max) == 0);
    CHECK(load.looks());
}

TEST_CASE("busy polling: where looking is a little dearer, a whole trial says so") {
    Load load({.cost = 100us}, {.cost = 104us});
    load.run_windows(BusyPolling::pause_min);
    CHECK(load.run(2 * trial) == trial);
    CHECK_FALSE(load.looks());
}

TEST_CASE("busy polling: the same bytes in more pieces are not cheaper for being more") {
    Load load({.cost = 40us, .bytes = 65536}, {.cost = 30us, .bytes = 32768});
    load.run_windows(BusyPolling::pause_min);
    CHECK(load.run_windows(2) <= BusyPolling::first_window + BusyPolling::window);
    CHECK_FALSE(load.looks());
}

TEST_CASE("busy polling: longer messages are not cheaper for being longer") {
    Load load({.cost = 20us, .bytes = 64}, {.cost = 25us, .bytes = 65536});
    load.run_windows(BusyPolling::pause_min);
    CHECK(load.run_windows(2) <= BusyPolling::first_window + BusyPolling::window);
    CHECK_FALSE(load.looks());
}

TEST_CASE("busy polling: sleeping is tried too, and kept where it is clearly cheaper") {
    Load load({.cost = 200us}, {.cost = 150us});
    load.run_windows(4 * BusyPolling::pause_min);
    REQUIRE(load.looks());
    constexpr std::uint32_t many = 40 * BusyPolling::pause_min;
    SECTION("not where it is by less than eight of a hundred") {
        load.looking.cost = 217us;
        std::uint32_t const looked = load.run_windows(many);
        CHECK(load.looks());
        CHECK(looked > many * BusyPolling::window * 8 / 10);
    }
    SECTION("where it is by more") {
        load.looking.cost = 218us;
        std::uint32_t const looked = load.run_windows(many);
        CHECK_FALSE(load.looks());
        CHECK(looked < many * BusyPolling::window * 5 / 10);
    }
}

TEST_CASE("busy polling: who looks makes way where others want the core") {
    Load load({.cost = 20us}, {.cost = 10us, .preemptions = BusyPolling::preemptions_max});
    load.run_windows(2 * BusyPolling::pause_min);
    CHECK(load.looks());
    SECTION("at once") {
        load.looking.preemptions = BusyPolling::preemptions_max + 1;
        CHECK(load.run_windows(2) <= 2 * BusyPolling::window);
        CHECK_FALSE(load.looks());
        CHECK(load.run_windows(BusyPolling::pause_min) == 0);
        CHECK(load.run_windows(2 * BusyPolling::pause_min) <= trial);
        CHECK_FALSE(load.looks());
    }
    SECTION("but does not stop for what happens to who sleeps") {
        load.sleeping.preemptions = 100;
        load.run_windows(4 * BusyPolling::pause_min);
        CHECK(load.looks());
    }
}

TEST_CASE("busy polling: there is nothing to try where nothing is moved") {
    Load load({.cost = 20us}, {.cost = 10us});
    load.run_windows(2 * BusyPolling::pause_min);
    REQUIRE(load.looks());
    load.sleeping.bytes = load.looking.bytes = 0;
    CHECK(load.run_windows(4) <= 2 * BusyPolling::window);
    CHECK(load.run_windows(10 * BusyPolling::pause_max) == 0);
    // And as soon as there is.
    load.sleeping.bytes = load.looking.bytes = 64;
    load.run_windows(BusyPolling::pause_min + 1);
    CHECK(load.looks());
}

} // namespace kodama
