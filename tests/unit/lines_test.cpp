// Lines, with a connection that belongs to no worker: whatever is told is written down.
#include <support/catch.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <kodama/protocol/lines.hpp>
#include <kodama/server/session.hpp>
#include <support/scale.hpp>
#include <unit/chunks.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

struct Writer {
    void on_line(Connection&, std::string_view line) { told += '[' + std::string(line) + ']'; }
    void on_line_too_long(Connection&) { told += "!"; }
    void on_unfinished_line(Connection&, std::string_view rest) {
        told += '<' + std::string(rest) + '>';
    }
    void on_open(Connection&) { told += "open "; }
    void on_writable(Connection&) { told += "writable "; }
    void on_peer_finished(Connection&) { told += "finished "; }
    void on_close(CloseReason) { told += "closed "; }

    std::string told;
};

struct Bare {
    void on_line(Connection&, std::string_view) {}
};

// What `max` = 8 makes of a text, at once.
std::string told_of(std::string_view text, std::size_t piece_size) {
    Connection connection;
    Lines<Writer, 8> lines;
    receive_in_pieces(lines, connection, text, piece_size);
    lines.on_peer_finished(connection);
    return lines.inner().told;
}

} // namespace

TEST_CASE("lines are told without LF and the CR before it") {
    std::string_view const text = "one\r\n\ntwo\n\r\nth\rree\r\r\n";
    std::size_t const piece = GENERATE(1u, 2u, 3u, 5u, 100u);
    CHECK(told_of(text, piece) == "[one][][two][][th\rree\r]finished ");
}

TEST_CASE("a line of exactly as many bytes as there may be is told, one more is too long") {
    std::size_t const piece = GENERATE(1u, 2u, 3u, 4u, 7u, 8u, 9u, 10u, 100u);
    INFO(piece);
    CHECK(told_of("12345678\n", piece) == "[12345678]finished ");
    CHECK(told_of("12345678\r\n", piece) == "[12345678]finished ");
    CHECK(told_of("123456789\nx\n", piece) == "![x]finished ");
    CHECK(told_of("12345678\r9\nx\n", piece) == "![x]finished ");
    CHECK(told_of("12345678\r\r\nx\n", piece) == "![x]finished ");
    CHECK(told_of("1234567890123456789012345\n\nx\n", piece) == "![][x]finished ");
    CHECK(told_of("1234567890123456789012345", piece) == "!finished ");
}

TEST_CASE("what is too long is told before its end has come") {
    Connection connection;
    Lines<Writer, 8> lines;
    receive(lines, connection, "12345678\r");
    CHECK(lines.inner().told.empty()); // LF may follow
    receive(lines, connection, "9");
    CHECK(lines.inner().told == "!");
}

TEST_CASE("the rest without LF is told as such when the peer has finished") {
    std::size_t const piece = GENERATE(1u, 2u, 100u);
    CHECK(told_of("a\nbc", piece) == "[a]<bc>finished ");
    CHECK(told_of("a\nbc\r", piece) == "[a]<bc\r>finished ");
    CHECK(told_of("", piece) == "finished ");
}

TEST_CASE("any byte but LF may be in a line") {
    std::string text;
    for (int byte = 0; byte < 256; ++byte)
        if (byte != '\n') text += static_cast<char>(byte);
    Connection connection;
    Lines<Writer, 255> lines;
    receive_in_pieces(lines, connection, text + "\n", 100);
    CHECK(lines.inner().told == "[" + text + "]");
}

TEST_CASE("a line within one buffer is told where it lies, and needs no copy") {
    struct Where {
        void on_line(Connection&, std::string_view line) { data = line.data(); }
        char const* data = nullptr;
    };
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, "a line\n");
    char const* const where = buffer.text().data();
    Connection connection;
    Lines<Where> lines;
    lines.on_receive(connection, std::move(buffer));
    CHECK(lines.inner().data == where);
}

TEST_CASE("however a text is cut, the same lines are told") {
    std::mt19937_64 random(test_seed());
    for (std::size_t round = 0; round < scaled(2000); ++round) {
        std::string text;
        for (std::uint64_t left = random() % 60; left > 0; --left)
            text += "ab\r\n"[random() % 4];
        Connection connection;
        Lines<Writer, 8> lines;
        for (std::size_t at = 0; at < text.size();) {
            std::size_t const size = 1 + random() % 12;
            receive(lines, connection, std::string_view(text).substr(at, size));
            at += size;
        }
        lines.on_peer_finished(connection);
        INFO("seed " << test_seed() << ", " << text);
        REQUIRE(lines.inner().told == told_of(text, 4096));
    }
}

TEST_CASE("Lines has the hooks that the session inside has, and no others") {
    SessionHooks const& all = session_hooks<Lines<Writer>>;
    CHECK(all.on_open != nullptr);
    CHECK(all.on_writable != nullptr);
    CHECK(all.on_peer_finished != nullptr);
    CHECK(all.on_close != nullptr);
    SessionHooks const& none = session_hooks<Lines<Bare>>;
    CHECK(none.on_open == nullptr);
    CHECK(none.on_writable == nullptr);
    CHECK(none.on_peer_finished == nullptr); // the connection closes once everything is sent
    CHECK(none.on_close == nullptr);

    Connection connection;
    Lines<Writer> lines;
    lines.on_open(connection);
    lines.on_writable(connection);
    lines.on_close(CloseReason::peer_finished);
    CHECK(lines.inner().told == "open writable closed ");
}
