// Whole servers, measured from outside by kodama-load.
//
//   end-to-end --load=PROGRAM --server=NAME=PROGRAM... [Google Benchmark's options]
//
// A repetition is one window of the load generator, against a process of the server's own. For a
// comparison that can be believed, with intervals and a control, there is bench/compare.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sysexits.h>

#include <bench/micro/benchmark_main.hpp>
#include <bench/micro/process.hpp>

using namespace kodama::bench;

namespace {

struct Server {
    std::string name;
    std::string program;
};

struct Workload {
    unsigned connections;
    unsigned size;
};

constexpr Workload workloads[] = {{1, 64}, {50, 64}, {50, 4096}, {512, 64}};
constexpr int repetitions = 3;

// What the servers run on is kept apart from what loads them, where there are two.
bool apart() { return std::thread::hardware_concurrency() >= 2; }

std::vector<std::string> command_of(Server const& server) {
    std::vector<std::string> command{server.program, "--listen", "127.0.0.1:0"};
    // It is one core against one core.
    if (server.name == "kodama") command.insert(command.end(), {"--workers", "1"});
    return command;
}

// The number behind the first "name":, or 0: a null is none.
double number(std::string const& json, std::string_view name) {
    std::string const key = "\"" + std::string(name) + "\":";
    std::size_t const at = json.find(key);
    if (at == std::string::npos) return 0;
    return std::strtod(json.c_str() + at + key.size(), nullptr);
}

struct Measured {
    std::string json;
    std::string complaint; // empty when all went well
};

Measured measure(std::string const& load, Server const& server, Workload const& workload) {
    Process process(command_of(server), apart() ? 1 : -1);
    std::string const line = process.read_line();
    constexpr std::string_view announcement = "listening on ";
    if (!line.starts_with(announcement)) return {"", "it does not listen"};
    std::string const target =
        line.substr(announcement.size(), line.size() - 1 - announcement.size());
    std::vector<std::string> command{load,
                                     target,
                                     "--connections=" + std::to_string(workload.connections),
                                     "--size=" + std::to_string(workload.size),
                                     "--duration=1s",
                                     "--warm-up=200ms",
                                     "--server-pid=" + std::to_string(process.pid()),
                                     "--json"};
    if (apart()) command.emplace_back("--pin-cpu=0");
    int exit_code = 0;
    Process client(command);
    std::string json = client.read_to_end(exit_code);
    if (exit_code != 0) return {"", "kodama-load: exit code " + std::to_string(exit_code)};
    return {std::move(json), ""};
}

void run(benchmark::State& state, std::string const& load, Server const& server,
         Workload const& workload) {
    for (auto _ : state) {
        Measured const measured = measure(load, server, workload);
        if (!measured.complaint.empty()) return state.SkipWithError(measured.complaint.c_str());
        std::string const& json = measured.json;
        state.SetIterationTime(number(json, "window_s"));
        state.SetItemsProcessed(static_cast<std::int64_t>(number(json, "echoes")));
        state.SetBytesProcessed(static_cast<std::int64_t>(number(json, "bytes")));
        // A server inside the kernel has no process that would pay for it.
        double const by_server = number(json, "server_ns_per_echo");
        if (by_server > 0) state.counters["server_ns_per_echo"] = by_server;
        state.counters["machine_ns_per_echo"] = number(json, "machine_ns_per_echo");
        state.counters["client_share"] = number(json, "client_share");
        state.counters["p50_us"] = number(json, "p50");
        state.counters["p99_us"] = number(json, "p99");
    }
}

// Takes our own arguments out of the command line.
void read_arguments(int& argc, char** argv, std::string& load, std::vector<Server>& servers) {
    constexpr std::string_view of_load = "--load=";
    constexpr std::string_view of_server = "--server=";
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        std::size_t const equals = argument.find('=', of_server.size());
        if (argument.starts_with(of_load)) {
            load = argument.substr(of_load.size());
        } else if (argument.starts_with(of_server) && equals != std::string_view::npos) {
            std::string_view const name =
                argument.substr(of_server.size(), equals - of_server.size());
            servers.push_back({std::string(name), std::string(argument.substr(equals + 1))});
        } else {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    argv[argc] = nullptr;
}

} // namespace

int main(int argc, char** argv) try {
    std::string load;
    std::vector<Server> servers;
    read_arguments(argc, argv, load, servers);
    if (load.empty() || servers.empty()) {
        std::fprintf(stderr, "usage: %s --load=PROGRAM --server=NAME=PROGRAM...\n", argv[0]);
        return EX_USAGE;
    }
    for (Workload const& workload : workloads) {
        for (Server const& server : servers) {
            std::string const name = "echo/connections:" + std::to_string(workload.connections) +
                                     "/size:" + std::to_string(workload.size) + "/" + server.name;
            benchmark::RegisterBenchmark(
                name.c_str(), [=](benchmark::State& state) { run(state, load, server, workload); })
                ->UseManualTime()
                ->Iterations(1)
                ->Repetitions(repetitions)
                ->Unit(benchmark::kSecond);
        }
    }
    return run_benchmarks(argc, argv);
} catch (std::exception const& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return EX_OSERR;
}
