#include <kodama/core/batching.hpp>

#include <chrono>
#include <cstdint>

#include <support/catch.hpp>

namespace kodama {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t window = 100;
constexpr std::uint32_t many = 1000; // receive buffers

// A worker's turns, and the clocks that it would look at.
class Load {
public:
    explicit Load(Duration patience = Batching::usual_patience) : batching(patience, window) {}

    // A window of turns that each bring so many completions of `connections`, and take the core
    // `cost` for each; the core is busy for so many of 100.
    void run(std::uint32_t connections, std::uint32_t each, Duration cost, int busy) {
        for (std::uint32_t i = 0; i < connections; ++i)
            batching.heard(Slot{i});
        std::uint32_t completions = 0;
        do
            completions += each;
        while (!batching.turned(batching.wanted(), each) && completions < 100 * window);
        cpu_time_ += cost * completions;
        now_ += cost * completions * 100 / busy;
        batching.look(now_, cpu_time_, buffers);
    }

    // As many as are waited for come each time.
    void run(std::uint32_t connections, Duration cost, int busy) {
        run(connections, batching.wanted(), cost, busy);
    }

    Batching batching;
    std::uint32_t buffers = many;

private:
    TimePoint now_{};
    Duration cpu_time_{};
};

// Grown to what it may be.
void saturate(Load& load, std::uint32_t connections) {
    for (int i = 0; i < 30; ++i)
        load.run(connections, 10us, 99);
}

} // namespace

TEST_CASE("batching: whoever has time to spare waits for nobody") {
    Load load;
    CHECK(load.batching.wanted() == 1);
    for (int i = 0; i < 100; ++i)
        load.run(50, 3, 10us, 84);
    CHECK(load.batching.wanted() == 1);
}

TEST_CASE("batching: a busy core waits for more from window to window") {
    Load load;
    load.run(50, 10us, 85);
    CHECK(load.batching.wanted() == 2);
    std::uint32_t before = load.batching.wanted();
    for (int i = 0; i < 8; ++i) {
        load.run(50, 10us, 99);
        CHECK(load.batching.wanted() == before + (before + 3) / 4);
        before = load.batching.wanted();
    }
}

TEST_CASE("batching: never for more than half of the connections that speak") {
    Load load;
    saturate(load, 1);
    CHECK(load.batching.wanted() == 1);
    saturate(load, 3);
    CHECK(load.batching.wanted() == 1);
    saturate(load, 8);
    CHECK(load.batching.wanted() == 4);
    saturate(load, 50);
    CHECK(load.batching.wanted() == 25);
    saturate(load, 1000);
    CHECK(load.batching.wanted() == Batching::most);
    saturate(load, 8);
    CHECK(load.batching.wanted() == 4);
}

TEST_CASE("batching: never for more than half of the receive buffers that go round") {
    Load load;
    load.buffers = 16;
    saturate(load, 50);
    CHECK(load.batching.wanted() == 8);
    load.buffers = 1;
    load.run(50, 10us, 99);
    CHECK(load.batching.wanted() == 1);
}

TEST_CASE("batching: time that batches save is not taken for time to spare") {
    Load load;
    saturate(load, 50);
    // The same messages at two thirds of their price: the core would be busy for 90 % without.
    load.run(50, 6666ns, 60);
    CHECK(load.batching.wanted() == 25);
    // 74 %.
    load.run(50, 6666ns, 49);
    CHECK(load.batching.wanted() == 1);
    // And for as long as it takes to be busy again.
    load.run(50, 10us, 84);
    CHECK(load.batching.wanted() == 1);
    load.run(50, 10us, 86);
    CHECK(load.batching.wanted() == 2);
}

TEST_CASE("batching: work that became dearer counts as what it costs") {
    Load load;
    saturate(load, 50);
    load.run(50, 40us, 80);
    CHECK(load.batching.wanted() == 25);
    load.run(50, 40us, 70);
    CHECK(load.batching.wanted() == 1);
}

TEST_CASE("batching: what is waited for in vain is waited for less") {
    Load load;
    saturate(load, 50);
    REQUIRE(load.batching.wanted() == 25);
    // Each turn brings a little less.
    load.run(50, 20, 10us, 99);
    CHECK(load.batching.wanted() == 18);
    // Now and then one that does.
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(load.batching.turned(18, 18));
        static_cast<void>(load.batching.turned(18, i == 0 ? 17 : 18));
    }
    load.run(50, 10us, 99);
    CHECK(load.batching.wanted() == 18); // one in 6 to 8 turns: neither
}

TEST_CASE("batching: when load ends, a window ends after a few turns in vain") {
    Load load;
    saturate(load, 50);
    int turns = 1;
    while (!load.batching.turned(load.batching.wanted(), 1))
        ++turns;
    CHECK(turns == 16);
    // Turns that did not wait, or for one only, say nothing about that.
    Load idle;
    for (int i = 0; i < 1000; ++i) {
        CHECK_FALSE(idle.batching.turned(0, 0));
        CHECK_FALSE(idle.batching.turned(1, 0));
    }
}

TEST_CASE("batching: for one window in 64, to see what that costs, it waits for nobody") {
    Load load;
    int alone = 0;
    for (int i = 0; i < 650; ++i) {
        load.run(50, 10us, 99);
        if (load.batching.wanted() == 1) {
            ++alone;
            load.run(50, 10us, 99);
            CHECK(load.batching.wanted() >= 2); // goes on where it was
        }
    }
    CHECK(alone == 10);
}

TEST_CASE("batching: with no patience nobody waits, and no clock is asked") {
    Load load(Duration::zero());
    for (std::uint32_t i = 0; i < 10 * window; ++i)
        CHECK_FALSE(load.batching.turned(1, 1));
    CHECK(load.batching.wanted() == 1);
}

TEST_CASE("batching: a clock that stands still says nothing") {
    Batching batching(Batching::usual_patience, window);
    for (int i = 0; i < 10; ++i) {
        for (std::uint32_t slot = 0; slot < 50; ++slot)
            batching.heard(Slot{slot});
        batching.look(TimePoint{}, Duration::zero(), many);
    }
    CHECK(batching.wanted() == 1);
}

} // namespace kodama
