#include <kodama/server/validate.hpp>

#include <functional>
#include <string>

#include <kodama/base/error.hpp>
#include <kodama/server/shares.hpp>
#include <support/catch.hpp>

using namespace std::chrono_literals;
using kodama::Options;
using kodama::share_of;
using kodama::WorkerLimits;
using kodama::testing::contains_text;

namespace {

constexpr std::uint64_t gibibyte = 1ull << 30;

// "" when the options are accepted.
std::string refusal(Options const& options) {
    try {
        kodama::validate(options);
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "";
}

std::string share_refusal(Options const& options, std::size_t workers) {
    try {
        static_cast<void>(share_of(options, workers));
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "";
}

struct Range {
    std::string option;
    std::uint64_t least;
    std::uint64_t most;
    std::function<void(Options&, std::uint64_t)> set;
};

std::uint32_t narrow(std::uint64_t value) { return static_cast<std::uint32_t>(value); }

std::vector<Range> ranges() {
    return {
        {"workers", 0, 1024, [](Options& o, std::uint64_t v) { o.workers = narrow(v); }},
        {"max_connections", 1, 1u << 20,
         [](Options& o, std::uint64_t v) { o.max_connections = narrow(v); }},
        {"backlog", 1, 65535, [](Options& o, std::uint64_t v) { o.backlog = narrow(v); }},
        {"buffers.count", 1, 32768,
         [](Options& o, std::uint64_t v) { o.buffers = {.count = narrow(v), .size = 64}; }},
        {"buffers.size", 64, 1u << 20,
         [](Options& o, std::uint64_t v) { o.buffers = {.count = 1, .size = narrow(v)}; }},
        {"max_pending", 1, gibibyte, [](Options& o, std::uint64_t v) { o.max_pending = v; }},
        {"max_pending_total", 4096, 1024 * gibibyte,
         [](Options& o, std::uint64_t v) { o.max_pending_total = v; }},
    };
}

void check_refused(Range const& range, std::uint64_t value) {
    Options options;
    range.set(options, value);
    CHECK(refusal(options) == range.option + ": " + std::to_string(value) + " is out of range; " +
                                  std::to_string(range.least) + " to " +
                                  std::to_string(range.most));
}

} // namespace

TEST_CASE("the default options are valid, and so is a share of them for each of a few workers") {
    CHECK(refusal({}).empty());
    for (std::size_t const workers : {1u, 2u, 8u, 64u}) {
        CAPTURE(workers);
        CHECK(share_refusal({}, workers).empty());
    }
}

TEST_CASE("each option is valid from its least to its greatest value") {
    for (Range const& range : ranges()) {
        Options options;
        CAPTURE(range.option);
        range.set(options, range.least);
        CHECK(refusal(options).empty());
        range.set(options, range.most);
        CHECK(refusal(options).empty());
    }
}

TEST_CASE("an option out of range is refused with its name, the value and the range") {
    for (Range const& range : ranges()) {
        if (range.least > 0) check_refused(range, range.least - 1);
        check_refused(range, range.most + 1);
    }
}

TEST_CASE("nothing is valid that does not say where to listen") {
    CHECK_THAT(refusal({.listen = {}}), contains_text("listen: nowhere to listen"));
}

TEST_CASE("receive buffers take at most 1 GiB together") {
    CHECK(refusal({.buffers = {.count = 1024, .size = 1u << 20}}).empty());
    CHECK(refusal({.buffers = {.count = 32768, .size = 32768}}).empty());
    CHECK(refusal({.buffers = {.count = 1025, .size = 1u << 20}}) ==
          "buffers (count x size): 1074790400 is out of range; 64 to 1073741824");
    CHECK_THAT(refusal({.buffers = {.count = 32768, .size = 1u << 20}}),
               contains_text("34359738368 is out of range"));
}

TEST_CASE("the linger timeout is 0 to 1 h") {
    CHECK(refusal({.linger_timeout = 0ns}).empty());
    CHECK(refusal({.linger_timeout = 1h}).empty());
    CHECK(refusal({.linger_timeout = -1ns}) == "linger_timeout: -1 ns is out of range; 0 to 1h");
    CHECK(refusal({.linger_timeout = 1h + 1ns}) ==
          "linger_timeout: 3600000000001 ns is out of range; 0 to 1h");
}

TEST_CASE("the drain timeout is 0 to 24 h") {
    CHECK(refusal({.drain_timeout = 0ns}).empty());
    CHECK(refusal({.drain_timeout = 24h}).empty());
    CHECK(refusal({.drain_timeout = -1ns}) == "drain_timeout: -1 ns is out of range; 0 to 24h");
    CHECK(refusal({.drain_timeout = 24h + 1ns}) ==
          "drain_timeout: 86400000000001 ns is out of range; 0 to 24h");
}

TEST_CASE("a message waits for others for 0 to 10 ms, and not at all where workers poll busily") {
    CHECK(refusal({.batch_wait = 0ns}).empty());
    CHECK(refusal({.batch_wait = 10ms}).empty());
    CHECK(refusal({.batch_wait = -1ns}) == "batch_wait: -1 ns is out of range; 0 to 10ms");
    CHECK(refusal({.batch_wait = 10ms + 1ns}) ==
          "batch_wait: 10000001 ns is out of range; 0 to 10ms");
    CHECK(share_of({.batch_wait = 7us}, 1).batch_wait == 7us);
    CHECK(share_of({.busy_poll = 1us, .batch_wait = 7us}, 1).batch_wait == 0us);
    CHECK(share_of({.busy_poll = 0us, .batch_wait = 7us}, 1).batch_wait == 7us);
}

TEST_CASE("a worker looks for 0 to 1 h before it sleeps, or finds out whether to") {
    CHECK(refusal({.busy_poll = 0ns}).empty());
    CHECK(refusal({.busy_poll = 1h}).empty());
    CHECK(refusal({.busy_poll = -1ns}) == "busy_poll: -1 ns is out of range; 0 to 1h");
    CHECK(refusal({.busy_poll = 1h + 1ns}) ==
          "busy_poll: 3600000000001 ns is out of range; 0 to 1h");
    CHECK_FALSE(share_of({}, 1).busy_poll.has_value());
    CHECK(share_of({.busy_poll = 7us}, 1).busy_poll == 7us);
}

TEST_CASE("the first value out of range is the one that is named") {
    CHECK_THAT(refusal({.workers = 1025, .max_connections = 0}), contains_text("workers: 1025"));
}

TEST_CASE("a worker has its share of the connections, rounded up, and of the memory") {
    Options const options{.max_connections = 10, .max_pending_total = 100'000'001};
    WorkerLimits const share = share_of(options, 3);
    CHECK(share.max_connections == 4);
    CHECK(share.pending_total == 33'333'333);
    CHECK(share_of(options, 1).max_connections == 10);
    CHECK(share_of(options, 5).max_connections == 2);
    CHECK(share_of({.max_connections = 1}, 8).max_connections == 1);
    CHECK(share_of({.max_connections = 1u << 20}, 7).max_connections == 149'797);
}

TEST_CASE("memory for unsent bytes is enough for any number of workers by default") {
    Options options;
    CHECK(share_of(options, 1).pending_total == 256u << 20);
    for (std::size_t const workers : {16u, 128u, 1024u}) {
        options.max_pending_total = 0;
        std::size_t const share = share_of(options, workers).pending_total;
        options.max_pending_total = share * workers;
        CHECK(share_refusal(options, workers).empty());
    }
}

TEST_CASE("what each worker has for itself is not shared out") {
    Options const options{.backlog = 17,
                          .buffers = {.count = 3, .size = 4000},
                          .max_pending = 12345,
                          .linger_timeout = 3s};
    WorkerLimits const share = share_of(options, 4);
    CHECK(share.backlog == 17);
    CHECK(share.buffer_count == 3);
    CHECK(share.buffer_size == 4000);
    CHECK(share.max_pending == 12345);
    CHECK(share.linger_timeout == 3s);
}

TEST_CASE("a share of the memory must hold one blocked connection with all receive buffers") {
    Options options{.buffers = {.count = 4, .size = 1000}, .max_pending = 500};
    constexpr std::uint64_t needed = 500 + 4 * 1000 + 4096 * (4 + 1);
    std::size_t const workers = GENERATE(1u, 3u, 16u);
    options.max_pending_total = needed * workers;
    CHECK(share_refusal(options, workers).empty());
    CHECK(share_of(options, workers).pending_total == needed);
    --options.max_pending_total;
    std::string const message = share_refusal(options, workers);
    CHECK_THAT(message, contains_text("max_pending_total: " +
                                      std::to_string(options.max_pending_total) + " is too small"));
    CHECK_THAT(message, contains_text("at least " + std::to_string(needed * workers)));
}
