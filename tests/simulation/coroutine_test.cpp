// Sessions that are coroutines, on a simulated kernel.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <kodama/protocol/coroutine.hpp>
#include <kodama/server/session.hpp>
#include <kodama/simulation/explore.hpp>
#include <simulation/cyclic_dialogue.hpp>
#include <support/catch.hpp>
#include <support/scale.hpp>

using namespace kodama;
using namespace kodama::simulation;
using kodama::testing::CyclicDialogue;
using kodama::testing::scaled;

namespace {

Task echo(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive();
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

// Waits while more may arrive, which nobody wants until then.
Task late_echo(Stream stream) {
    while (true) {
        Buffer buffer = co_await stream.receive();
        if (buffer.empty()) co_return;
        co_await stream.sleep(std::chrono::microseconds(buffer.size() % 7 * 100));
        co_await stream.send(std::move(buffer));
    }
}

// Waits a little, then longer and longer.
Task impatient_echo(Stream stream) {
    for (auto within = std::chrono::nanoseconds(std::chrono::microseconds(100));;) {
        Buffer buffer = co_await stream.receive(within);
        if (stream.late()) {
            within = std::min(2 * within, std::chrono::nanoseconds(std::chrono::hours(1)));
            continue;
        }
        if (buffer.empty()) co_return;
        co_await stream.send(std::move(buffer));
    }
}

Task lines(Stream stream) {
    while (true) {
        std::optional<std::string_view> const line = co_await stream.read_until('\n', 16);
        if (!line) co_return;
        co_await stream.send_copy(*line);
        co_await stream.send_copy(";");
    }
}

// A digit, and as many letters.
Task messages(Stream stream) {
    while (true) {
        std::optional<std::string_view> const digit = co_await stream.read_exactly(1);
        if (!digit) co_return;
        auto const size = static_cast<std::size_t>(digit->front() - '0');
        std::optional<std::string_view> const letters = co_await stream.read_exactly(size);
        if (!letters) co_return;
        co_await stream.send_copy(*letters);
    }
}

template <auto function>
std::string finding_of(Dialogue const& dialogue, bool echoes = false, bool later = false) {
    Program const program{.hooks = &session_hooks<Coroutine<function>>,
                          .dialogue = &dialogue,
                          .echoes = echoes,
                          .answers_later = later};
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(1000)});
    return finding ? finding->what + "\n" + finding->script : std::string();
}

} // namespace

TEST_CASE("simulated: a coroutine that echoes is as right as a session") {
    CHECK(finding_of<echo>(Dialogue(), true) == "");
}

TEST_CASE("simulated: a coroutine that sleeps loses nothing of what arrives meanwhile") {
    CHECK(finding_of<late_echo>(Dialogue(), false, true) == "");
}

TEST_CASE("simulated: a coroutine whose receives end again and again loses nothing") {
    CHECK(finding_of<impatient_echo>(Dialogue(), true) == "");
}

TEST_CASE("simulated: a coroutine reads lines however they are cut") {
    CyclicDialogue const dialogue({{"first\n", "first;"},
                                   {"\n", ";"},
                                   {"exactly 16 bytes\n", "exactly 16 bytes;"},
                                   {"x\n", "x;"}});
    // An answer that has to wait for memory may be overtaken by a drain.
    CHECK(finding_of<lines>(dialogue, false, true) == "");
}

TEST_CASE("simulated: a coroutine reads bytes by number however they are cut") {
    CyclicDialogue const dialogue({{"3one", "one"}, {"0", ""}, {"7seventh", "seventh"}});
    CHECK(finding_of<messages>(dialogue, false, true) == "");
}
