#include <kodama/simulation/trace.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <support/catch.hpp>

#include "scenario.hpp"

using namespace kodama;
using namespace kodama::simulation;
using namespace kodama::testing;

namespace {

constexpr std::uint64_t seeds = 30;

std::string trace_of(std::uint64_t seed) {
    std::ostringstream out;
    Trace trace(out);
    RunResult const result = run_seed(seed, &trace);
    out << "failure: " << result.failure << '\n' << to_string(result.decided, "");
    return out.str();
}

std::string traces_of_all() {
    std::string all;
    for (std::uint64_t seed = 0; seed < seeds; ++seed)
        all += trace_of(seed);
    return all;
}

// In a child whose memory lies elsewhere and is not zero: blocks of all sizes are taken and written
// to, every second one is given back, and mappings lie between.
std::string traces_from_elsewhere(unsigned junk) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    pid_t const child = ::fork();
    if (child < 0) throw std::runtime_error("fork");
    if (child == 0) {
        std::vector<std::unique_ptr<char[]>> blocks;
        for (unsigned i = 0; i < junk; ++i) {
            std::size_t const size = 1 + i * 37 % 5000;
            blocks.push_back(std::make_unique<char[]>(size));
            blocks.push_back(std::make_unique<char[]>(size));
            std::fill_n(blocks[blocks.size() - 2].get(), size, static_cast<char>(i));
            blocks[blocks.size() - 2].reset();
            static_cast<void>(
                ::mmap(nullptr, 4096 * (1 + i % 5), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        }
        std::string const text = traces_of_all();
        for (std::size_t done = 0; done < text.size();) {
            ssize_t const count = ::write(ends[1], text.data() + done, text.size() - done);
            if (count <= 0) ::_exit(1);
            done += static_cast<std::size_t>(count);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    std::array<char, 65536> bytes{};
    for (ssize_t size = 0; (size = ::read(ends[0], bytes.data(), bytes.size())) > 0;)
        text.append(bytes.data(), static_cast<std::size_t>(size));
    ::close(ends[0]);
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) throw std::runtime_error("waitpid");
    return text;
}

} // namespace

TEST_CASE("The same seed gives the same trace, byte for byte") {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        INFO("seed " << seed);
        std::string const once = trace_of(seed);
        CHECK(once == trace_of(seed));
        CHECK(once != trace_of(seed + seeds));
    }
}

TEST_CASE("A trace does not depend on where the memory of its process lies") {
    std::string const here = traces_of_all();
    // Not with CHECK(a == b), which would print both.
    for (unsigned const junk : {0u, 100u, 3000u}) {
        bool const same = traces_from_elsewhere(junk) == here;
        INFO(junk << " blocks of junk");
        CHECK(same);
    }
}

TEST_CASE("A trace tells what was asked for and what came of it, with the time") {
    std::ostringstream out;
    Trace trace(out);
    io_uring_sqe entry{};
    Slot const slot{3};
    Generation const generation{2};
    TimePoint const now{std::chrono::microseconds(17)};
    entry.opcode = IORING_OP_RECV;
    entry.ioprio = IORING_RECV_MULTISHOT;
    entry.user_data = Token(Operation::receive, slot, generation).user_data();
    trace.on_submitted(entry, now);
    io_uring_cqe completion{};
    completion.user_data = entry.user_data;
    completion.res = 5;
    completion.flags = IORING_CQE_F_BUFFER | IORING_CQE_F_MORE | 7u << IORING_CQE_BUFFER_SHIFT;
    trace.on_completed(completion, now);
    completion.res = -ENOBUFS;
    completion.flags = 0;
    trace.on_completed(completion, now);
    trace.note("the faults end", now);
    CHECK(out.str() == "       17  -> receive 3.2, many\n"
                       "       17  <- receive 3.2: 5, buffer 7, more\n"
                       "       17  <- receive 3.2: error 105: No buffer space available\n"
                       "       17  the faults end\n");
}
