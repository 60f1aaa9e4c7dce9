// Sessions made of sessions, on a simulated kernel, which cuts what peers say wherever it likes.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <kodama/protocol/length_prefixed.hpp>
#include <kodama/protocol/lines.hpp>
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

// A peer that does not read until there is no room for answers any more is reset.
template <class Bytes> void say(Connection& connection, Bytes const& bytes) {
    if (!connection.send_copy(bytes)) connection.abort();
}

struct LineEcho {
    void on_line(Connection& connection, std::string_view line) {
        say(connection, line);
        say(connection, std::string_view("\n"));
    }
    void on_line_too_long(Connection& connection) {
        say(connection, std::string_view("too long\n"));
    }
};

struct MessageEcho {
    void on_message(Connection& connection, std::span<std::byte const> message) {
        say(connection, std::span<std::byte const>(big_endian<2>(message.size())));
        say(connection, message);
    }
};

std::string message(std::string_view text) {
    std::string whole;
    for (std::byte const byte : big_endian<2>(text.size()))
        whole += static_cast<char>(byte);
    return whole.append(text);
}

std::string finding_of(SessionHooks const& hooks, Dialogue const& dialogue) {
    Program const program{.hooks = &hooks, .dialogue = &dialogue};
    std::optional<Finding> const finding =
        explore(program, {.first_seed = 1, .runs = scaled(1000)});
    return finding ? finding->what + "\n" + finding->script : std::string();
}

} // namespace

TEST_CASE("simulated: lines are answered however they are cut, too long ones as soon as known") {
    CyclicDialogue const dialogue({
        {"first\n", "first\n"},
        {"\r\n", "\n"},
        {"a line with CR\r\n", "a line with CR\n"},
        {"exactly 16 bytes\n", "exactly 16 bytes\n"},
        {"exactly 16 bytes\r\n", "exactly 16 bytes\n"},
        {"more than 16 bytes, by far\n", "too long\n", 17},
        {"\n", "\n"},
    });
    CHECK(finding_of(session_hooks<Lines<LineEcho, 16>>, dialogue) == "");
}

TEST_CASE("simulated: messages are answered however they are cut") {
    CyclicDialogue const dialogue({
        {message("first"), message("first")},
        {message(""), message("")},
        {message("exactly 16 bytes"), message("exactly 16 bytes")},
        {message("x"), message("x")},
    });
    CHECK(finding_of(session_hooks<LengthPrefixed<MessageEcho, 16, 2>>, dialogue) == "");
}

TEST_CASE("simulated: a session that forgets a CR is found out") {
    struct KeepsCr {
        void on_receive(Connection& connection, Buffer buffer) {
            connection.send(std::move(buffer));
        }
    };
    CyclicDialogue const dialogue({{"line\r\n", "line\n"}, {"\n", "\n"}});
    CHECK_FALSE(finding_of(session_hooks<KeepsCr>, dialogue).empty());
}
