#include <kodama/server/cpus.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>

using namespace std::string_view_literals;
using kodama::cgroup_cpu_limit;
using kodama::cpus_within;
using kodama::parse_cfs_quota;
using kodama::parse_cpu_max;

namespace {

using Files = std::map<std::string, std::string>;

kodama::ReadFile reading(Files const& files) {
    return [&files](std::string const& path) -> std::optional<std::string> {
        auto const found = files.find(path);
        if (found == files.end()) return std::nullopt;
        return found->second;
    };
}

constexpr std::string_view v2_mount =
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view v1_mount =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

} // namespace

TEST_CASE("cpu.max is a quota for a period, or max") {
    CHECK(parse_cpu_max("150000 100000\n") == 1.5);
    CHECK(parse_cpu_max("200000 100000") == 2.0);
    CHECK(parse_cpu_max("1000 100000\n") == 0.01);
    CHECK_FALSE(parse_cpu_max("max 100000\n").has_value());
}

TEST_CASE("a cpu.max that makes no sense is no limit") {
    std::string_view const text =
        GENERATE(""sv, "\n"sv, "max"sv, "100000"sv, "100000 0"sv, "0 100000"sv, "-1 100000"sv,
                 "100000 100000 100000"sv, "1e5 1e5"sv, "nan nan"sv, "100000 max"sv, " "sv,
                 "99999999999999999999999 1"sv, "1\0 1"sv);
    CAPTURE(text);
    CHECK_FALSE(parse_cpu_max(text).has_value());
}

TEST_CASE("a quota of cgroup v1 is in microseconds, and -1 is none") {
    CHECK(parse_cfs_quota("50000\n", "100000\n") == 0.5);
    CHECK(parse_cfs_quota("400000\n", "100000\n") == 4.0);
    CHECK_FALSE(parse_cfs_quota("-1\n", "100000\n").has_value());
    CHECK_FALSE(parse_cfs_quota("100000\n", "0\n").has_value());
    CHECK_FALSE(parse_cfs_quota("", "").has_value());
    CHECK_FALSE(parse_cfs_quota("100000", "").has_value());
}

TEST_CASE("a limit of CPUs is rounded up, but is never more than allowed nor less than one") {
    CHECK(cpus_within(8, std::nullopt) == 8);
    CHECK(cpus_within(8, 1.5) == 2);
    CHECK(cpus_within(8, 2.0) == 2);
    CHECK(cpus_within(8, 0.01) == 1);
    CHECK(cpus_within(8, 100.0) == 8);
    CHECK(cpus_within(1, 0.5) == 1);
    CHECK(cpus_within(0, std::nullopt) == 1);
    CHECK(cpus_within(8, 0.0) == 1);
    CHECK(cpus_within(8, -3.0) == 1);
    CHECK(cpus_within(8, 1e300) == 8);
    CHECK(cpus_within(8, std::numeric_limits<double>::infinity()) == 8);
    CHECK(cpus_within(8, std::numeric_limits<double>::quiet_NaN()) == 8);
}

TEST_CASE("the tightest cpu.max from the process's cgroup up to the mount counts") {
    Files files{{"/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n"},
                {"/sys/fs/cgroup/a/cpu.max", "max 100000\n"}};
    CHECK(cgroup_cpu_limit("0::/a/b\n", v2_mount, reading(files)) == 4.0);
    files["/sys/fs/cgroup/a/cpu.max"] = "150000 100000\n";
    CHECK(cgroup_cpu_limit("0::/a/b\n", v2_mount, reading(files)) == 1.5);
    files["/sys/fs/cgroup/cpu.max"] = "100000 100000\n";
    CHECK(cgroup_cpu_limit("0::/a/b\n", v2_mount, reading(files)) == 1.0);
    CHECK(cgroup_cpu_limit("0::/\n", v2_mount, reading(files)) == 1.0);
    CHECK(cgroup_cpu_limit("0::/ab", v2_mount, reading(files)) == 1.0);
}

TEST_CASE("cgroup v1 has its quota where the cpu controller is mounted") {
    Files const files{{"/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "300000\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}};
    std::string_view const cgroups = "5:cpuset:/y\n4:cpu,cpuacct:/x\n1:name=systemd:/z\n0::/\n";
    CHECK(cgroup_cpu_limit(cgroups, v1_mount, reading(files)) == 3.0);
    std::string const both = std::string(v2_mount) + std::string(v1_mount);
    CHECK(cgroup_cpu_limit(cgroups, both, reading(files)) == 3.0);
    // "cpuset" and "cpuacct" alone are other controllers.
    CHECK_FALSE(cgroup_cpu_limit("5:cpuset:/x\n4:cpuacct:/x\n", v1_mount, reading(files)));
}

TEST_CASE(
    "a container that sees only its part of the hierarchy finds its own cgroup at the mount") {
    std::string_view const mount = "35 24 0:30 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    Files const files{{"/sys/fs/cgroup/cpu.max", "250000 100000\n"},
                      {"/sys/fs/cgroup/inner/cpu.max", "200000 100000\n"}};
    CHECK(cgroup_cpu_limit("0::/docker/abc\n", mount, reading(files)) == 2.5);
    CHECK(cgroup_cpu_limit("0::/docker/abc/inner\n", mount, reading(files)) == 2.0);
    CHECK(cgroup_cpu_limit("0::/docker/abcinner\n", mount, reading(files)) == 2.5);
    CHECK(cgroup_cpu_limit("0::/elsewhere\n", mount, reading(files)) == 2.5);
    CHECK(cgroup_cpu_limit("0::/../../outside\n", mount, reading(files)) == 2.5);
}

TEST_CASE("names of cgroups may hold colons, and mount points escaped spaces") {
    std::string_view const mount = R"(35 24 0:30 / /my\040cgroups\134 rw - cgroup2 c rw)";
    Files const files{{"/my cgroups\\/a:b:c/cpu.max", "100000 100000"}};
    CHECK(cgroup_cpu_limit("0::/a:b:c\n", mount, reading(files)) == 1.0);
}

TEST_CASE("texts about cgroups that make no sense are no limit") {
    Files const files{{"/cpu.max", "100000 100000"}, {"cpu.max", "100000 100000"}};
    std::string_view const text =
        GENERATE(""sv, "\n\n"sv, ":"sv, "::"sv, "0::"sv, "0::relative"sv, "0::/..\n"sv, "0"sv,
                 " - cgroup2"sv, "- - - - -"sv, "a b c d e - cgroup2 x\n"sv, "\\\\\\ - cgroup\n"sv,
                 "1 2 3 \\9 \\04 - cgroup2 x y\n"sv, "0::////\n"sv);
    CAPTURE(text);
    CHECK_FALSE(cgroup_cpu_limit(text, text, reading(files)).has_value());
    CHECK_FALSE(cgroup_cpu_limit(text, v2_mount, reading(files)).has_value());
    CHECK_FALSE(cgroup_cpu_limit("0::/a\n", text, reading({})).has_value());
}

TEST_CASE("this process has CPUs, and uses no more than it is allowed") {
    std::vector<int> const cpus = kodama::allowed_cpus();
    REQUIRE_FALSE(cpus.empty());
    CHECK(std::is_sorted(cpus.begin(), cpus.end()));
    CHECK(cpus.front() >= 0);
    CHECK(kodama::usable_cpu_count() >= 1);
    CHECK(kodama::usable_cpu_count() <= cpus.size());
}

TEST_CASE("a pinned thread may run on its CPU only, and the others run where they did") {
    std::vector<int> const before = kodama::allowed_cpus();
    std::vector<int> pinned;
    std::size_t usable = 0;
    std::thread([&] {
        kodama::pin_this_thread(before.back());
        pinned = kodama::allowed_cpus();
        usable = kodama::usable_cpu_count();
    }).join();
    CHECK(pinned == std::vector<int>{before.back()});
    CHECK(usable == 1);
    CHECK(kodama::allowed_cpus() == before);
}

TEST_CASE("pinning to a CPU that does not exist is refused") {
    int const cpu = GENERATE(-1, 1'000'000, std::numeric_limits<int>::min());
    CAPTURE(cpu);
    CHECK_THROWS_AS(kodama::pin_this_thread(cpu), kodama::SetupError);
    CHECK_THROWS_WITH(
        kodama::pin_this_thread(cpu),
        kodama::testing::contains_text("cannot bind a worker to CPU " + std::to_string(cpu)));
}
