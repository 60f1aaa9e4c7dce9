// LengthPrefixed, with a connection that belongs to no worker: whatever is told is written down.
#include <support/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include <kodama/protocol/length_prefixed.hpp>
#include <kodama/server/session.hpp>
#include <support/scale.hpp>
#include <unit/chunks.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

struct Writer {
    void on_message(Connection&, std::span<std::byte const> message) {
        told += '[';
        for (std::byte const byte : message)
            told += static_cast<char>(byte);
        told += ']';
    }
    void on_message_too_long(Connection&, std::uint32_t length) {
        told += "!" + std::to_string(length);
    }
    void on_unfinished_message(Connection&) { told += "unfinished "; }
    void on_peer_finished(Connection&) { told += "finished "; }

    std::string told;
};

struct Bare {
    void on_message(Connection&, std::span<std::byte const>) {}
};

template <std::size_t width> std::string message(std::string_view text) {
    std::string whole;
    for (std::byte const byte : big_endian<width>(text.size()))
        whole += static_cast<char>(byte);
    return whole.append(text);
}

template <std::size_t width> std::string told_of(std::string_view text, std::size_t piece_size) {
    Connection connection;
    LengthPrefixed<Writer, 8, width> messages;
    receive_in_pieces(messages, connection, text, piece_size);
    messages.on_peer_finished(connection);
    return messages.inner().told;
}

template <std::size_t width> void check_width(std::size_t piece) {
    INFO("width " << width << ", pieces of " << piece);
    std::string const text =
        message<width>("one") + message<width>("") + message<width>("12345678");
    CHECK(told_of<width>(text, piece) == "[one][][12345678]finished ");
    CHECK(told_of<width>(message<width>("123456789") + message<width>("x"), piece) ==
          "!9[x]finished ");
    std::string const rest = message<width>("one") + message<width>("two");
    CHECK(told_of<width>(std::string_view(rest).substr(0, rest.size() - 1), piece) ==
          "[one]unfinished finished ");
    CHECK(told_of<width>(std::string_view(rest).substr(0, width + 4), piece) ==
          "[one]unfinished finished ");
    CHECK(told_of<width>(std::string_view(rest).substr(0, width + 3), piece) == "[one]finished ");
    std::string const skipped = message<width>(std::string(100, 'x'));
    CHECK(told_of<width>(std::string_view(skipped).substr(0, 50), piece) ==
          "!100unfinished finished ");
}

} // namespace

TEST_CASE("big_endian() has the highest byte first") {
    CHECK(big_endian<1>(0xfe) == std::array{std::byte{0xfe}});
    CHECK(big_endian<2>(0x0102) == std::array{std::byte{1}, std::byte{2}});
    CHECK(big_endian(0x01020304) ==
          std::array{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
}

TEST_CASE("messages of every width of length are told, empty and too long ones too") {
    std::size_t const piece = GENERATE(1u, 2u, 3u, 4u, 5u, 8u, 9u, 11u, 200u);
    check_width<1>(piece);
    check_width<2>(piece);
    check_width<4>(piece);
}

TEST_CASE("a length that no memory could hold is skipped without being read into any") {
    Connection connection;
    LengthPrefixed<Writer, 8> messages;
    receive(messages, connection, "\xff\xff\xff\xff");
    CHECK(messages.inner().told == "!4294967295");
}

TEST_CASE("a message within one buffer is told where it lies, and needs no copy") {
    struct Where {
        void on_message(Connection&, std::span<std::byte const> bytes) { data = bytes.data(); }
        std::byte const* data = nullptr;
    };
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, message<2>("a message"));
    std::byte const* const where = buffer.bytes().data() + 2;
    Connection connection;
    LengthPrefixed<Where, 64, 2> messages;
    messages.on_receive(connection, std::move(buffer));
    CHECK(messages.inner().data == where);
}

TEST_CASE("however messages are cut, the same ones are told") {
    std::mt19937_64 random(test_seed());
    for (std::size_t round = 0; round < scaled(2000); ++round) {
        std::string text;
        for (std::uint64_t left = random() % 8; left > 0; --left)
            text += message<2>(std::string(random() % 12, static_cast<char>('a' + random() % 26)));
        Connection connection;
        LengthPrefixed<Writer, 8, 2> messages;
        for (std::size_t at = 0; at < text.size();) {
            std::size_t const size = 1 + random() % 12;
            receive(messages, connection, std::string_view(text).substr(at, size));
            at += size;
        }
        messages.on_peer_finished(connection);
        INFO("seed " << test_seed());
        REQUIRE(messages.inner().told == told_of<2>(text, 4096));
    }
}

TEST_CASE("LengthPrefixed has the hooks that the session inside has, and no others") {
    CHECK(session_hooks<LengthPrefixed<Writer>>.on_peer_finished != nullptr);
    CHECK(session_hooks<LengthPrefixed<Bare>>.on_peer_finished == nullptr);
    CHECK(session_hooks<LengthPrefixed<Bare>>.on_open == nullptr);
}
