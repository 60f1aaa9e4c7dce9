#include <bench/load/options.hpp>

#include <string>
#include <vector>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>

using namespace kodama::bench;
using kodama::testing::contains_text;

namespace {

using Arguments = std::vector<char const*>;

LoadCommand parse(Arguments arguments) {
    arguments.insert(arguments.begin(), "kodama-load");
    return parse_load_command(static_cast<int>(arguments.size()), arguments.data());
}

LoadOptions options(Arguments arguments) {
    arguments.insert(arguments.begin(), "localhost:7");
    return parse(arguments).options;
}

std::string rejection(Arguments const& arguments) {
    try {
        static_cast<void>(parse(arguments));
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "accepted";
}

constexpr Nanoseconds millisecond = 1'000'000;

} // namespace

TEST_CASE("load: the defaults are one connection in a closed loop for ten seconds") {
    LoadOptions const o = options({});
    CHECK(o.target == "localhost:7");
    CHECK(o.mode == Mode::closed);
    CHECK(o.connections == 1);
    CHECK(o.sizes.text() == "64");
    CHECK(o.depth == 1);
    CHECK(o.duration == 10'000 * millisecond);
    CHECK(o.warm_up == 1000 * millisecond);
    CHECK_FALSE(o.count);
    CHECK(o.timeout == 5000 * millisecond);
    CHECK(o.seed == 1);
    CHECK_FALSE(o.json);
    CHECK(o.spin);
}

TEST_CASE("load: every option sets its member") {
    LoadOptions const o = options({"--connections",
                                   "50",
                                   "--size",
                                   "64-4K",
                                   "--depth",
                                   "4",
                                   "--duration=3s",
                                   "--warm-up=0",
                                   "--idle",
                                   "10",
                                   "--slow-readers",
                                   "2",
                                   "--congestion",
                                   "reno",
                                   "--seed",
                                   "9",
                                   "--timeout=20ms",
                                   "--json",
                                   "--server-pid",
                                   "1",
                                   "--pin-cpu",
                                   "1",
                                   "--source-addresses",
                                   "3"});
    CHECK(o.connections == 50);
    CHECK(o.sizes.text() == "64-4K");
    CHECK(o.depth == 4);
    CHECK(o.duration == 3000 * millisecond);
    CHECK(o.warm_up == 0);
    CHECK(o.idle == 10);
    CHECK(o.slow_readers == 2);
    CHECK(o.congestion == "reno");
    CHECK(o.seed == 9);
    CHECK(o.timeout == 20 * millisecond);
    CHECK(o.json);
    CHECK(o.server_pid == 1);
    CHECK(o.pin_cpu == 1u);
    CHECK(o.source_addresses == 3);
    CHECK(options({"--server-cgroup", "/sys/fs/cgroup"}).server_cgroup == "/sys/fs/cgroup");
}

TEST_CASE("load: a rate, churn or stream chooses the mode") {
    LoadOptions const open = options({"--rate", "1234.5", "--arrivals", "poisson", "--wait=sleep"});
    CHECK(open.mode == Mode::open);
    CHECK(open.rate == 1234.5);
    CHECK(open.arrivals == Arrivals::poisson);
    CHECK_FALSE(open.spin);
    CHECK(options({"--churn"}).mode == Mode::churn);
    LoadOptions const stream = options({"--stream", "--window", "256K", "--size", "64K"});
    CHECK(stream.mode == Mode::stream);
    CHECK(stream.window == 256 << 10);
}

TEST_CASE("load: a count has no limit of time unless one is given") {
    CHECK_FALSE(options({"--count", "5"}).duration);
    CHECK(options({"--count", "5", "--duration", "1s"}).duration == 1000 * millisecond);
    CHECK(options({"--count", "5"}).count == 5u);
}

TEST_CASE("load: what does not go together is refused") {
    auto const with_target = [](Arguments arguments) {
        arguments.insert(arguments.begin(), "localhost:7");
        return rejection(arguments);
    };
    CHECK(with_target({"--churn", "--stream"}) == "--stream: does not go with --churn");
    CHECK(with_target({"--churn", "--rate", "5"}) == "--rate: does not go with --churn");
    CHECK(with_target({"--stream", "--rate", "5"}) == "--rate: does not go with --stream");
    CHECK(with_target({"--arrivals", "poisson"}) == "--arrivals: needs --rate");
    CHECK(with_target({"--wait", "spin"}) == "--wait: needs --rate");
    CHECK(with_target({"--window", "1M"}) == "--window: needs --stream");
    CHECK(with_target({"--churn", "--depth", "2"}) == "--depth: does not go with --churn");
    CHECK_THAT(with_target({"--stream", "--depth", "2"}), contains_text("see --window"));
    CHECK(with_target({"--stream", "--size", "64K", "--window", "4K"}) ==
          "--window: '4K' is less than a write of 64K");
    CHECK_THAT(with_target({"--connections", "1000000", "--depth", "100"}),
               contains_text("--depth: '100' times the connections is more than"));
    CHECK_THAT(with_target({"--server-pid", "1", "--server-cgroup", "/x"}),
               contains_text("--server-pid"));
}

TEST_CASE("load: errors name the option, what it was given and what it takes") {
    auto const with_target = [](Arguments arguments) {
        arguments.insert(arguments.begin(), "localhost:7");
        return rejection(arguments);
    };
    CHECK(with_target({"--connections", "0"}) ==
          "--connections: '0' is not a number from 1 to 1000000");
    CHECK(with_target({"--duration", "5"}) == "--duration: '5' is not a duration from 1ms to 24h");
    CHECK(with_target({"--rate", "nan"}) == "--rate: 'nan' is not a number from 0.1 to 100000000");
    CHECK(with_target({"--rate", "1e5"}) == "--rate: '1e5' is not a number from 0.1 to 100000000");
    CHECK(with_target({"--arrivals", "x"}) == "--arrivals: 'x' is not constant or poisson");
    CHECK_THAT(with_target({"--size", "0"}), contains_text("--size: '0' is not a size up to 64M"));
    CHECK(with_target({"--depth", "1", "--depth", "1"}) == "--depth: is given more than once");
    CHECK(with_target({"--churn=1"}) == "--churn: takes no value");
    CHECK(with_target({"--size"}) == "--size: needs a value");
    CHECK(with_target({"--size", "--json"}) == "--size: needs a value");
    CHECK(with_target({"--seeds", "1"}) == "'--seeds' is not an option");
    CHECK(with_target({"-c"}) == "'-c' is not an option");
    CHECK(with_target({"other:8"}) == "'other:8': there is a target already, 'localhost:7'");
}

TEST_CASE("load: a target is needed, and one that can be connected to") {
    CHECK(rejection({}) == "TARGET: is missing; it is HOST:PORT");
    CHECK_THAT(rejection({"localhost:0"}), contains_text("'localhost:0' cannot be connected to"));
    CHECK_THAT(rejection({"localhost:http"}), contains_text("TARGET"));
}

TEST_CASE("load: help and version need no target") {
    CHECK(parse({"--help", "--size", "0"}).action == LoadAction::show_help);
    CHECK(parse({"--version"}).action == LoadAction::show_version);
    CHECK(parse({"localhost:7"}).action == LoadAction::run);
    for (char const* const name : {"--connections", "--rate", "--churn", "--stream", "--json"})
        CHECK_THAT(load_help(), contains_text(name));
}
