#include <bench/harness/clocks.hpp>

#include <string>

#include <unistd.h>

#include <support/catch.hpp>

using namespace kodama::bench;

TEST_CASE("busy time of each CPU and steal are read from /proc/stat") {
    std::string const text = "cpu  30 3 30 3000 30 3 3 7 0 0\n"
                             "cpu0 10 1 20 1000 5 1 2 3 0 0\n"
                             "cpu1 20 2 10 2000 25 2 1 4 0 0\n"
                             "intr 12345 0 0\n";
    MachineTimes const times = parse_proc_stat(text, 10);
    CHECK(times.busy == std::vector<Nanoseconds>{340, 350});
    CHECK(times.steal == 70);
    CHECK(parse_proc_stat("", 10).busy.empty());
}

TEST_CASE("segments that were sent again are read from /proc/net/snmp") {
    std::string const text = "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
                             "Tcp: RtoAlgorithm InSegs OutSegs RetransSegs InErrs\n"
                             "Tcp: 1 100 200 42 0\nUdp: InDatagrams\nUdp: 5\n";
    CHECK(parse_retransmits(text) == 42);
    CHECK(parse_retransmits("") == 0);
    CHECK(parse_retransmits("Tcp: RetransSegs\n") == 0);
    CHECK(parse_retransmits("Tcp: OutSegs RetransSegs\nTcp: 1\n") == 0);
}

TEST_CASE("a control group's CPU time is read from cpu.stat") {
    CHECK(parse_cpu_stat("usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n") == 1'234'000);
    CHECK_FALSE(parse_cpu_stat("nr_periods 0\n"));
    CHECK_FALSE(parse_cpu_stat("usage_usec many\n"));
    CHECK_FALSE(cgroup_cpu_ns("/nowhere"));
}

TEST_CASE("clocks run") {
    Nanoseconds const before = steady_ns();
    Nanoseconds const own_before = own_cpu_ns();
    unsigned volatile sum = 0;
    while (own_cpu_ns() == own_before)
        sum = sum + 1;
    CHECK(steady_ns() > before);
    CHECK(process_cpu_ns(::getpid()).value_or(0) >= own_before);
    std::size_t const cpus = machine_times().busy.size();
    CHECK(cpus >= 1);
    if (auto const exact = exact_busy_times()) CHECK(exact->size() == cpus);
}

TEST_CASE("a process that is not there has no clock") { CHECK_FALSE(process_cpu_ns(0x7ffffffe)); }
