#include <kodama/core/counters.hpp>

#include <set>
#include <string_view>

#include <support/background.hpp>
#include <support/catch.hpp>

using kodama::CloseReason;
using kodama::Counter;
using kodama::Counters;
using kodama::LiveCounters;

namespace {

template <class Visit> void for_each_counter(Visit&& visit) {
    for (std::size_t i = 0; i < kodama::counter_count; ++i)
        visit(static_cast<Counter>(i));
}

template <class Visit> void for_each_reason(Visit&& visit) {
    for (std::size_t i = 0; i < kodama::close_reason_count; ++i)
        visit(static_cast<CloseReason>(i));
}

} // namespace

TEST_CASE("the counts of counters and of reasons are those of the enumerations") {
    CHECK(static_cast<std::size_t>(Counter::buffers_resting) + 1 == kodama::counter_count);
    CHECK(static_cast<std::size_t>(CloseReason::stopped) + 1 == kodama::close_reason_count);
}

TEST_CASE("each counter and each reason has a name of its own") {
    std::set<std::string_view> names;
    auto const check = [&](std::string_view name) {
        CAPTURE(name);
        CHECK_FALSE(name.empty());
        CHECK(names.insert(name).second);
    };
    for_each_counter([&](Counter counter) { check(name_of(counter)); });
    for_each_reason([&](CloseReason reason) { check(name_of(reason)); });
}

TEST_CASE("the names are those of the enumerators") {
    CHECK(name_of(Counter::turns) == "turns");
    CHECK(name_of(Counter::refused) == "refused");
    CHECK(name_of(Counter::sends) == "sends");
    CHECK(name_of(Counter::bytes_discarded) == "bytes_discarded");
    CHECK(name_of(Counter::connections_open) == "connections_open");
    CHECK(name_of(Counter::buffers_out) == "buffers_out");
    CHECK(name_of(Counter::buffers_sending) == "buffers_sending");
    CHECK(name_of(Counter::buffers_resting) == "buffers_resting");
    CHECK(name_of(CloseReason::peer_finished) == "peer_finished");
    CHECK(name_of(CloseReason::session_failed) == "session_failed");
    CHECK(name_of(CloseReason::stopped) == "stopped");
}

TEST_CASE("new counters are zero") {
    LiveCounters live;
    Counters const copy = live.snapshot();
    for_each_counter([&](Counter counter) { CHECK(copy[counter] == 0); });
    for_each_reason([&](CloseReason reason) { CHECK(copy[reason] == 0); });
}

TEST_CASE("each counter counts for itself") {
    LiveCounters live;
    for_each_counter(
        [&](Counter counter) { live.add(counter, 10 + static_cast<unsigned>(counter)); });
    for_each_counter([&](Counter counter) { live.add(counter); });
    for_each_reason([&](CloseReason reason) {
        for (unsigned i = 0; i <= static_cast<unsigned>(reason); ++i)
            live.add(reason);
    });
    Counters const copy = live.snapshot();
    for_each_counter(
        [&](Counter counter) { CHECK(copy[counter] == 11 + static_cast<unsigned>(counter)); });
    for_each_reason(
        [&](CloseReason reason) { CHECK(copy[reason] == 1 + static_cast<unsigned>(reason)); });
}

TEST_CASE("a gauge has the value that was set last, also a smaller one") {
    LiveCounters live;
    live.set(Counter::connections_open, 7);
    live.set(Counter::connections_open, 3);
    CHECK(live.snapshot()[Counter::connections_open] == 3);
    CHECK(live.snapshot()[Counter::buffers_out] == 0);
}

TEST_CASE("a copy does not change any more") {
    LiveCounters live;
    live.add(Counter::turns);
    Counters const copy = live.snapshot();
    live.add(Counter::turns);
    CHECK(copy[Counter::turns] == 1);
    CHECK(live.snapshot()[Counter::turns] == 2);
}

TEST_CASE("counters of several workers add up, gauges and reasons too") {
    LiveCounters first;
    LiveCounters second;
    first.add(Counter::bytes_sent, 0xffff'ffff);
    second.add(Counter::bytes_sent, 2);
    first.set(Counter::connections_open, 3);
    second.set(Counter::connections_open, 4);
    second.add(CloseReason::evicted);
    Counters sum = first.snapshot();
    sum += second.snapshot();
    CHECK(sum[Counter::bytes_sent] == 0x1'0000'0001);
    CHECK(sum[Counter::connections_open] == 7);
    CHECK(sum[CloseReason::evicted] == 1);
    sum += sum;
    CHECK(sum[Counter::connections_open] == 14);
}

TEST_CASE("another thread sees a counter grow and never shrink") {
    LiveCounters live;
    constexpr std::uint64_t total = 100'000;
    kodama::testing::Background writer([&] {
        for (std::uint64_t i = 0; i < total; ++i)
            live.add(Counter::turns);
    });
    std::uint64_t last = 0;
    bool grows = true;
    for (int i = 0; i < 1000; ++i) {
        std::uint64_t const now = live.snapshot()[Counter::turns];
        grows = grows && now >= last;
        last = now;
    }
    writer.join();
    CHECK(grows);
    CHECK(live.snapshot()[Counter::turns] == total);
}
