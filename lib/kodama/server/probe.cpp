#include <kodama/server/probe.hpp>

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/utsname.h>

#include <kodama/base/error.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <kodama/server/cpus.hpp>
#include <kodama/server/descriptor_limit.hpp>
#include <kodama/server/ring_setup.hpp>
#include <kodama/server/shares.hpp>
#include <kodama/server/validate.hpp>

namespace kodama {

namespace {

std::optional<int> read_number(std::string const& path) {
    int value = 0;
    if (std::ifstream(path) >> value) return value;
    return std::nullopt;
}

// The value of a line "Name:\tvalue" of /proc/self/status.
std::optional<std::string> process_status(std::string const& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind(name + ":\t", 0) == 0) return line.substr(name.size() + 2);
    }
    return std::nullopt;
}

bool may_lock_any_memory() {
    constexpr unsigned cap_ipc_lock = 14; // linux/capability.h
    std::optional<std::string> const effective = process_status("CapEff");
    return effective && (std::stoull(*effective, nullptr, 16) >> cap_ipc_lock & 1) != 0;
}

std::optional<std::uint64_t> locked_memory_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur == RLIM_INFINITY || may_lock_any_memory()) return std::nullopt;
    return limit.rlim_cur;
}

// The rings of all workers at once, as the server would have them.
void try_rings(FeatureSet features, WorkerLimits const& limits, std::size_t workers) {
    features.remove(Feature::registered_ring); // a thread registers only 16; workers have one each
    struct Trial {
        Trial(FeatureSet features, WorkerLimits const& limits)
            : ring(ring_setup(features, limits)), buffers(ring, limits.buffer_count, 0) {
            if (features.has(Feature::direct_descriptors)) {
                ring.require_direct_descriptors(limits.max_connections);
            }
        }
        KernelRing ring;
        BufferRing buffers;
    };
    std::vector<std::unique_ptr<Trial>> trials;
    for (std::size_t i = 0; i < workers; ++i) {
        trials.push_back(std::make_unique<Trial>(features, limits));
    }
}

std::string kibibytes(std::uint64_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

std::string number_or(std::optional<int> number, std::string const& otherwise) {
    return number ? std::to_string(*number) : otherwise;
}

std::string seccomp_mode(std::optional<int> mode) {
    if (!mode) return "unknown";
    return *mode == 0 ? "none" : *mode == 1 ? "strict" : "a filter";
}

} // namespace

ProbeReport probe(Options const& options) {
    validate(options);
    ProbeReport report;
    utsname system{};
    ::uname(&system);
    report.kernel = system.release;
    report.liburing = KODAMA_LIBURING_VERSION;
    report.io_uring_disabled = read_number("/proc/sys/kernel/io_uring_disabled");
    report.io_uring_group = read_number("/proc/sys/kernel/io_uring_group");
    if (auto const mode = process_status("Seccomp")) report.seccomp = std::stoi(*mode);

    report.workers = options.workers != 0 ? options.workers : usable_cpu_count();
    DescriptorUsers const users{.workers = report.workers, .listeners = options.listen.size()};
    report.descriptors_limit = raise_descriptor_limit();
    report.descriptors_needed = options.max_connections + descriptors_beside(users);
    report.max_connections =
        connections_within(report.descriptors_limit, users, options.max_connections);
    Options fitting = options;
    fitting.max_connections = report.max_connections;
    WorkerLimits const limits = share_of(fitting, report.workers);
    report.locked_memory_needed = report.workers * locked_memory(limits);
    report.locked_memory_limit = locked_memory_limit();
    try {
        report.capabilities = probe_capabilities(disabled_features(options));
        // In a thread of its own, for the same reason as there (ring/capabilities.cpp).
        std::async(std::launch::async, [&] {
            try_rings(report.capabilities.usable, limits, report.workers);
        }).get();
    } catch (SetupError const& error) {
        report.why_not = error.what();
        report.unsupported = error.kind() == SetupError::Kind::unsupported;
    }
    return report;
}

std::string to_text(ProbeReport const& report) {
    std::string text;
    auto const line = [&text](std::string name, std::string const& value) {
        name.resize(20, ' ');
        text += name + value + '\n';
    };
    line("kernel", report.kernel);
    line("liburing", report.liburing);
    for (Feature const feature : all_features) {
        std::string const& why_not = report.capabilities.why_not[static_cast<std::size_t>(feature)];
        bool const usable = report.capabilities.usable.has(feature);
        line(std::string(name_of(feature)),
             usable ? "yes" : "no: " + (why_not.empty() ? "not tried" : why_not));
    }
    line("workers", std::to_string(report.workers));
    line("connections", std::to_string(report.max_connections));
    line("descriptors", std::to_string(report.descriptors_needed) + " needed, limit " +
                            std::to_string(report.descriptors_limit));
    line("locked memory",
         kibibytes(report.locked_memory_needed) + " needed, " +
             (report.locked_memory_limit ? "limit " + kibibytes(*report.locked_memory_limit)
                                         : "no limit"));
    line("io_uring_disabled", number_or(report.io_uring_disabled, "no such sysctl"));
    line("io_uring_group", number_or(report.io_uring_group, "no such sysctl"));
    line("seccomp", seccomp_mode(report.seccomp));
    line("can serve", report.why_not.empty() ? "yes" : "no: " + report.why_not);
    return text;
}

} // namespace kodama
