#include <kodama/server/cpus.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>

#include <pthread.h>
#include <sched.h>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>

namespace kodama {

namespace {

constexpr std::string_view white_space = " \t\r\n";

// Takes what comes before `separator` off the front of `text`, and the separator with it; all of it
// where there is none.
std::string_view take_until(std::string_view& text, std::string_view separator) noexcept {
    std::size_t const end = text.find(separator);
    std::string_view const part = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + separator.size());
    return part;
}

std::string_view trimmed(std::string_view text) noexcept {
    std::size_t const begin = text.find_first_not_of(white_space);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

std::optional<double> ratio(std::string_view quota, std::string_view period) noexcept {
    std::optional<std::uint64_t> const dividend = parse_unsigned(quota);
    std::optional<std::uint64_t> const divisor = parse_unsigned(period);
    if (!dividend || !divisor || *dividend == 0 || *divisor == 0) return std::nullopt;
    return static_cast<double>(*dividend) / static_cast<double>(*divisor);
}

bool lists(std::string_view list, std::string_view wanted) noexcept {
    while (!list.empty()) {
        if (take_until(list, ",") == wanted) return true;
    }
    return false;
}

enum class Version { v1, v2 };

// The process's place in a hierarchy: a line "4:cpu,cpuacct:/path", or "0::/path" for v2.
std::optional<std::string_view> cgroup_path(std::string_view cgroups, Version version) noexcept {
    while (!cgroups.empty()) {
        std::string_view line = take_until(cgroups, "\n");
        take_until(line, ":");
        std::string_view const controllers = take_until(line, ":");
        if (version == Version::v2 ? controllers.empty() : lists(controllers, "cpu")) return line;
    }
    return std::nullopt;
}

// In mountinfo a space, a tab, a newline and a backslash are written as \040, \011, \012 and \134.
std::string unescaped(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        bool const escape = text.size() >= 4 && text[0] == '\\' && text[1] >= '0' &&
                            text[1] <= '3' &&
                            text.substr(1, 3).find_first_not_of("01234567") == text.npos;
        if (escape) {
            int const value = (text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0');
            result += static_cast<char>(value);
        } else {
            result += text.front();
        }
        text.remove_prefix(escape ? 4 : 1);
    }
    return result;
}

struct Mount {
    std::string root; // the cgroup that is mounted
    std::string folder;
    Version version;
};

// A line "32 31 0:29 /root /folder rw,relatime shared:1 - cgroup2 cgroup2 rw,nsdelegate".
std::optional<Mount> parse_mount(std::string_view line) {
    std::string_view place = take_until(line, " - ");
    for (int skipped = 0; skipped < 3; ++skipped)
        take_until(place, " ");
    std::string root = unescaped(take_until(place, " "));
    std::string folder = unescaped(take_until(place, " "));
    if (folder.empty() || folder.front() != '/') return std::nullopt;
    std::string_view const type = take_until(line, " ");
    take_until(line, " ");
    if (type == "cgroup2") return Mount{std::move(root), std::move(folder), Version::v2};
    if (type == "cgroup" && lists(line, "cpu")) {
        return Mount{std::move(root), std::move(folder), Version::v1};
    }
    return std::nullopt;
}

// The path below the mount. A process whose path does not lie under the root of the mount sees a
// part of the hierarchy only, as in a container without a cgroup namespace; its own cgroup is then
// the mounted one.
std::string path_below(std::string_view path, std::string_view root) {
    if (path.find("/..") != path.npos) return {};
    if (root != "/") {
        if (path.substr(0, root.size()) != root) return {};
        path.remove_prefix(root.size());
    }
    if (path.empty() || path.front() != '/') return {};
    return path == "/" ? std::string() : std::string(path);
}

std::optional<double> limit_in(std::string const& folder, Version version, ReadFile const& read) {
    if (version == Version::v2) return parse_cpu_max(read(folder + "/cpu.max").value_or(""));
    return parse_cfs_quota(read(folder + "/cpu.cfs_quota_us").value_or(""),
                           read(folder + "/cpu.cfs_period_us").value_or(""));
}

std::optional<std::string> read_file(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return content;
}

} // namespace

std::optional<double> parse_cpu_max(std::string_view text) {
    text = trimmed(text);
    std::string_view const quota = take_until(text, " ");
    return ratio(quota, text);
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) {
    return ratio(trimmed(quota), trimmed(period));
}

std::optional<double> cgroup_cpu_limit(std::string_view cgroups, std::string_view mounts,
                                       ReadFile const& read) {
    std::optional<double> tightest;
    while (!mounts.empty()) {
        std::optional<Mount> const mount = parse_mount(take_until(mounts, "\n"));
        if (!mount) continue;
        std::optional<std::string_view> const path = cgroup_path(cgroups, mount->version);
        if (!path) continue;
        // From the process's own cgroup up to the mounted one, whose path below the mount is "".
        std::string below = path_below(*path, mount->root);
        for (;;) {
            std::optional<double> const limit =
                limit_in(mount->folder + below, mount->version, read);
            if (limit) tightest = std::min(*limit, tightest.value_or(*limit));
            if (below.empty()) break;
            below.resize(below.rfind('/'));
        }
    }
    return tightest;
}

std::size_t cpus_within(std::size_t allowed, std::optional<double> limit) noexcept {
    std::size_t const available = std::max<std::size_t>(allowed, 1);
    if (!limit || !(*limit < static_cast<double>(available))) return available;
    return std::max<std::size_t>(static_cast<std::size_t>(std::ceil(std::max(*limit, 0.0))), 1);
}

std::size_t usable_cpu_count() {
    std::optional<double> const limit =
        cgroup_cpu_limit(read_file("/proc/self/cgroup").value_or(""),
                         read_file("/proc/self/mountinfo").value_or(""), read_file);
    return cpus_within(allowed_cpus().size(), limit);
}

std::vector<int> allowed_cpus() {
    // The kernel says EINVAL to a set smaller than its own, whose size it does not tell.
    constexpr std::size_t sets_max = 1024;
    for (std::size_t count = 1;; count *= 2) {
        std::vector<cpu_set_t> sets(count);
        std::size_t const size = count * sizeof(cpu_set_t);
        if (::sched_getaffinity(0, size, sets.data()) != 0) {
            if (errno == EINVAL && count < sets_max) continue;
            throw SetupError(SetupError::Kind::refused,
                             describe_error("cannot read the CPU affinity", errno));
        }
        std::vector<int> cpus;
        for (std::size_t cpu = 0; cpu < count * CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET_S(cpu, size, sets.data())) cpus.push_back(static_cast<int>(cpu));
        }
        return cpus;
    }
}

void pin_this_thread(int cpu) {
    int error_number = EINVAL;
    if (cpu >= 0) {
        auto const index = static_cast<std::size_t>(cpu);
        std::vector<cpu_set_t> sets(index / CPU_SETSIZE + 1);
        std::size_t const size = sets.size() * sizeof(cpu_set_t);
        CPU_SET_S(index, size, sets.data());
        error_number = ::pthread_setaffinity_np(::pthread_self(), size, sets.data());
    }
    if (error_number != 0) {
        throw SetupError(
            SetupError::Kind::refused,
            describe_error("cannot bind a worker to CPU " + std::to_string(cpu), error_number) +
                "; run without --pin-cpus, or allow that CPU");
    }
}

} // namespace kodama
