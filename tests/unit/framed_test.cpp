// Framed, with a connection that belongs to no worker: whatever is told is written down.
#include <support/catch.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include <kodama/protocol/framed.hpp>
#include <kodama/server/session.hpp>
#include <support/scale.hpp>
#include <unit/chunks.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// A message is a digit and as many letters.
struct Writer {
    std::size_t on_bytes(Connection&, std::string_view bytes) {
        auto const size = static_cast<std::size_t>(bytes.front() - '0');
        if (bytes.size() <= size) return 0;
        told += '[' + std::string(bytes.substr(1, size)) + ']';
        data = bytes.data();
        return 1 + size;
    }
    void on_writable(Connection&) { told += "writable "; }

    std::string told;
    char const* data = nullptr;
};

std::string told_of(std::string_view text, std::size_t piece_size) {
    Connection connection;
    Framed<Writer, 8> messages;
    receive_in_pieces(messages, connection, text, piece_size);
    return messages.inner().told;
}

} // namespace

TEST_CASE("Framed tells each message once, however it came") {
    std::size_t const piece = GENERATE(1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 100u);
    INFO(piece);
    CHECK(told_of("3one03two7seventh4rest3no", piece) == "[one][][two][seventh][rest]");
}

TEST_CASE("Framed tells a message within one buffer where it lies") {
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, "3one");
    char const* const where = buffer.text().data();
    Connection connection;
    Framed<Writer> messages;
    messages.on_receive(connection, std::move(buffer));
    CHECK(messages.inner().data == where);
}

TEST_CASE("however a text is cut, Framed tells the same messages") {
    std::mt19937_64 random(test_seed());
    for (std::size_t round = 0; round < scaled(2000); ++round) {
        std::string text;
        for (std::uint64_t left = random() % 8; left > 0; --left) {
            std::size_t const size = random() % 8;
            text += static_cast<char>('0' + size);
            text.append(size, static_cast<char>('a' + random() % 26));
        }
        Connection connection;
        Framed<Writer, 8> messages;
        for (std::size_t at = 0; at < text.size();) {
            std::size_t const size = 1 + random() % 12;
            receive(messages, connection, std::string_view(text).substr(at, size));
            at += size;
        }
        INFO("seed " << test_seed() << ", " << text);
        REQUIRE(messages.inner().told == told_of(text, 4096));
    }
}

TEST_CASE("Framed has the hooks that the session inside has, and no others") {
    CHECK(session_hooks<Framed<Writer>>.on_writable != nullptr);
    CHECK(session_hooks<Framed<Writer>>.on_open == nullptr);
    CHECK(session_hooks<Framed<Writer>>.on_peer_finished == nullptr);
}
