#include <bench/micro/benchmark_main.hpp>

#include <cstdio>

#include <benchmark/benchmark.h>
#include <sysexits.h>

namespace kodama::bench {

namespace {

#ifdef __has_feature
#define KODAMA_HAS_FEATURE(name) __has_feature(name)
#else
#define KODAMA_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    KODAMA_HAS_FEATURE(address_sanitizer) || KODAMA_HAS_FEATURE(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

#ifdef KODAMA_NO_ASSERTIONS
constexpr char const* assertions = "off";
#else
constexpr char const* assertions = "on";
#endif

#ifdef __OPTIMIZE__
constexpr char const* optimized = "yes";
#else
constexpr char const* optimized = "NO: these times say nothing";
#endif

} // namespace

int run_benchmarks(int argc, char** argv) {
    if (sanitized) {
        std::fprintf(stderr, "%s: sanitized code is not measured\n", argv[0]);
        return EX_USAGE;
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EX_USAGE;
    benchmark::AddCustomContext("assertions", assertions);
    benchmark::AddCustomContext("optimized", optimized);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

} // namespace kodama::bench
