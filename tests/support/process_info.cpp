#include <support/process_info.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

namespace kodama::testing {

namespace {

namespace fs = std::filesystem;

fs::path proc(pid_t process) { return fs::path("/proc") / std::to_string(process); }

std::size_t entries(fs::path const& folder) {
    std::error_code error;
    auto const iterator = fs::directory_iterator(folder, error);
    if (error) throw std::runtime_error(folder.string() + ": " + error.message());
    return static_cast<std::size_t>(std::distance(begin(iterator), end(iterator)));
}

// The values of the lines "name: value" in the status of every thread. A thread that ends
// meanwhile has none.
std::vector<std::string> of_each_thread(pid_t process, std::string const& name) {
    std::vector<std::string> values;
    for (auto const& task : fs::directory_iterator(proc(process) / "task")) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            if (!line.starts_with(name + ":")) continue;
            std::size_t const value = line.find_first_not_of(" \t", name.size() + 1);
            values.push_back(value == std::string::npos ? "" : line.substr(value));
        }
    }
    return values;
}

std::uint64_t sum(std::vector<std::string> const& numbers) {
    std::uint64_t total = 0;
    for (std::string const& number : numbers)
        total += std::stoull(number);
    return total;
}

} // namespace

std::size_t open_descriptors(pid_t process) { return entries(proc(process) / "fd"); }

std::size_t open_sockets(pid_t process) {
    std::size_t count = 0;
    for (auto const& descriptor : fs::directory_iterator(proc(process) / "fd")) {
        std::error_code error; // it may be closed meanwhile
        fs::path const target = fs::read_symlink(descriptor.path(), error);
        if (!error && target.string().starts_with("socket:")) ++count;
    }
    return count;
}

std::size_t thread_count(pid_t process) { return entries(proc(process) / "task"); }

std::vector<pid_t> children_of(pid_t process) {
    std::vector<pid_t> children;
    for (auto const& task : fs::directory_iterator(proc(process) / "task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t child = 0; list >> child;)
            children.push_back(child);
    }
    return children;
}

std::uint64_t context_switches(pid_t process) {
    return sum(of_each_thread(process, "voluntary_ctxt_switches")) +
           sum(of_each_thread(process, "nonvoluntary_ctxt_switches"));
}

std::size_t sleeping_threads(pid_t process) {
    std::vector<std::string> const states = of_each_thread(process, "State");
    return static_cast<std::size_t>(std::count_if(
        states.begin(), states.end(), [](auto const& state) { return state.starts_with("S"); }));
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("getrlimit failed");
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("setrlimit failed");
    return static_cast<std::size_t>(limit.rlim_cur);
}

} // namespace kodama::testing
