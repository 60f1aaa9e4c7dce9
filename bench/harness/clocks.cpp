#include <bench/harness/clocks.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include <unistd.h>

#include <bench/harness/text_file.hpp>
#include <kodama/base/parse.hpp>

namespace kodama::bench {

namespace {

constexpr Nanoseconds second = 1'000'000'000;

std::optional<Nanoseconds> read_clock(clockid_t clock) noexcept {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) return std::nullopt;
    return time.tv_sec * second + time.tv_nsec;
}

std::optional<Nanoseconds> number(std::string_view word) {
    std::optional<std::uint64_t> const value = parse_unsigned(word);
    if (!value) return std::nullopt;
    return static_cast<Nanoseconds>(*value);
}

// "cpu0 USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...", in ticks.
void add_cpu_line(MachineTimes& times, std::vector<std::string_view> const& words,
                  Nanoseconds tick) {
    std::array<Nanoseconds, 8> ticks{};
    for (std::size_t index = 0; index < ticks.size() && index + 1 < words.size(); ++index)
        ticks[index] = number(words[index + 1]).value_or(0);
    times.busy.push_back((ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) * tick);
    times.steal += ticks[7] * tick;
}

} // namespace

Nanoseconds own_cpu_ns() noexcept { return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(0); }

std::optional<Nanoseconds> process_cpu_ns(pid_t process) noexcept {
    clockid_t clock{};
    if (::clock_getcpuclockid(process, &clock) != 0) return std::nullopt;
    return read_clock(clock);
}

std::optional<Nanoseconds> cgroup_cpu_ns(std::string const& folder) {
    if (auto const usage = read_text_file(folder + "/cpuacct.usage")) {
        auto const words = words_of(*usage);
        return words.size() == 1 ? number(words.front()) : std::nullopt;
    }
    auto const stat = read_text_file(folder + "/cpu.stat");
    return stat ? parse_cpu_stat(*stat) : std::nullopt;
}

std::optional<Nanoseconds> parse_cpu_stat(std::string const& cpu_stat) {
    auto const words = words_of(cpu_stat);
    for (std::size_t index = 0; index + 1 < words.size(); index += 2) {
        if (words[index] != "usage_usec") continue;
        auto const microseconds = number(words[index + 1]);
        if (microseconds) return *microseconds * 1000;
    }
    return std::nullopt;
}

MachineTimes parse_proc_stat(std::string const& text, Nanoseconds tick) {
    MachineTimes times;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = std::min(text.find('\n', at), text.size());
        auto const words = words_of(std::string_view(text).substr(at, end - at));
        // "cpu", the sum of all, is left out.
        if (!words.empty() && words.front().starts_with("cpu") && words.front().size() > 3)
            add_cpu_line(times, words, tick);
        at = end + 1;
    }
    return times;
}

MachineTimes machine_times() {
    long const hertz = ::sysconf(_SC_CLK_TCK);
    return parse_proc_stat(read_text_file("/proc/stat").value_or(""), second / std::max(hertz, 1L));
}

std::optional<std::vector<Nanoseconds>> exact_busy_times() {
    static long const online = ::sysconf(_SC_NPROCESSORS_ONLN);
    // Distributions mount it at the one or the other.
    constexpr std::array<char const*, 2> paths = {
        "/sys/fs/cgroup/cpuacct/cpuacct.usage_percpu",
        "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage_percpu",
    };
    for (char const* const path : paths) {
        std::optional<std::string> const text = read_text_file(path);
        if (!text) continue;
        std::vector<Nanoseconds> times;
        for (std::string_view const word : words_of(*text)) {
            std::optional<Nanoseconds> const time = number(word);
            if (!time) return std::nullopt;
            times.push_back(*time);
        }
        // It counts the CPUs that could be there too.
        auto const there = static_cast<std::size_t>(std::max(online, 1L));
        if (times.size() > there) times.resize(there);
        if (!times.empty()) return times;
    }
    return std::nullopt;
}

std::uint64_t parse_retransmits(std::string const& proc_net_snmp) {
    // Two lines begin with "Tcp:", one with the names, the next with the numbers.
    std::size_t const names_at = proc_net_snmp.find("Tcp: ");
    if (names_at == std::string::npos) return 0;
    std::size_t const numbers_at = proc_net_snmp.find("Tcp: ", names_at + 1);
    if (numbers_at == std::string::npos) return 0;
    std::string_view const text = proc_net_snmp;
    auto const names = words_of(text.substr(names_at, numbers_at - names_at));
    auto const numbers = words_of(text.substr(numbers_at));
    auto const found = std::find(names.begin(), names.end(), "RetransSegs");
    auto const index = static_cast<std::size_t>(found - names.begin());
    if (found == names.end() || index >= numbers.size()) return 0;
    return parse_unsigned(numbers[index]).value_or(0);
}

std::uint64_t tcp_retransmits() {
    return parse_retransmits(read_text_file("/proc/net/snmp").value_or(""));
}

} // namespace kodama::bench
