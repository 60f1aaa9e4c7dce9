// kodama-conform: is there an echo server, and one that can be trusted?
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include <sysexits.h>

#include <bench/conform/cases.hpp>
#include <bench/conform/options.hpp>
#include <bench/conform/report.hpp>
#include <kodama/base/error.hpp>
#include <kodama/net/endpoint.hpp>
#include <kodama/server/descriptor_limit.hpp>

namespace {

using namespace kodama::bench::conform;

// Standard streams, the idle connection, and what the C library may open.
constexpr std::uint64_t descriptors_aside = 16;

void say(std::string const& text) {
    std::fputs(("kodama-conform: " + text + "\n").c_str(), stderr);
}

void print(std::string const& line) {
    std::puts(line.c_str());
    std::fflush(stdout); // so that a reader of a pipe sees how far it is
}

Result run_case(Case const& one, Context& context) {
    context.remark.clear();
    try {
        one.run(context);
    } catch (Failure const& failure) {
        return {.name = one.name, .verdict = Verdict::failed, .why = failure.what()};
    } catch (std::system_error const& error) {
        // Our own side lacks something, which says nothing about the server.
        return {.name = one.name, .verdict = Verdict::skipped, .why = error.what()};
    }
    return {.name = one.name, .verdict = Verdict::passed, .why = context.remark};
}

bool chosen(Options const& options, Case const& one) {
    return options.cases.empty() ||
           std::find(options.cases.begin(), options.cases.end(), one.name) != options.cases.end();
}

int try_all(Options const& options) {
    kodama::Address const address =
        kodama::resolve(kodama::parse_endpoint("TARGET", options.target)).front();
    std::uint64_t const limit = kodama::raise_descriptor_limit();
    Context context({.address = address, .timeout = options.timeout},
                    {.wanted = options.connections, .possible = limit - descriptors_aside});
    std::vector<Result> results;
    for (Case const& one : all_cases()) {
        if (!chosen(options, one)) continue;
        results.push_back(run_case(one, context));
        if (!options.json) print(line_of(results.back()));
    }
    print(options.json ? json_of(address.to_string(), results) : summary_of(results));
    return count_of(results, Verdict::failed) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run(Options const& options) {
    if (options.help) {
        print(help_text());
    } else if (options.version) {
        print("kodama-conform " KODAMA_VERSION);
    } else if (options.list) {
        for (Case const& one : all_cases())
            std::printf("%-20s %s\n", one.name, one.meaning);
    } else {
        return try_all(options);
    }
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(parse_options(argc, argv));
    } catch (kodama::OptionError const& error) {
        say(std::string(error.what()) + "; see --help");
        return EX_USAGE;
    } catch (Failure const& failure) {
        say(std::string("the target cannot be reached: ") + failure.what());
        return EX_UNAVAILABLE;
    } catch (kodama::SetupError const& error) {
        say(error.what());
        return EX_UNAVAILABLE;
    } catch (std::exception const& error) {
        say(error.what());
        return EX_OSERR;
    }
}
