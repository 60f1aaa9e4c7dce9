// What every program of benchmarks says and refuses.
#pragma once

namespace kodama::bench {

// Runs what is registered; the exit code. Says whether the library it measures asserts, and does
// not measure sanitized code.
int run_benchmarks(int argc, char** argv);

} // namespace kodama::bench
