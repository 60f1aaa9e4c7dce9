// One connection: do the bytes come back?
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <bench/conform/cases.hpp>

namespace kodama::bench::conform {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

void echo_text(Context& context, std::string_view text) {
    Connection connection = context.connect();
    auto const bytes = std::as_bytes(std::span(text));
    connection.send_bytes(bytes);
    connection.expect_bytes(bytes);
}

void hello_world(Context& context) { echo_text(context, "hello,world"); }

void one_byte(Context& context) { echo_text(context, "k"); }

// Forwards and backwards, so that a NUL comes first and last.
void binary(Context& context) {
    std::array<std::byte, 512> values{};
    for (std::size_t i = 0; i < 256; ++i) {
        values[i] = static_cast<std::byte>(i);
        values[511 - i] = static_cast<std::byte>(i);
    }
    Connection connection = context.connect();
    connection.send_bytes(values);
    connection.expect_bytes(values);
}

// A shorter message behind a longer one finds what the longer one left in a buffer.
void sizes(Context& context) {
    Connection connection = context.connect();
    constexpr std::array<std::size_t, 19> all{4096, 1,    100,  2,    8193,  8192,  8191,
                                              3,    1461, 1460, 1459, 65537, 65536, 65535,
                                              4097, 2049, 2048, 2047, 1};
    for (std::size_t const size : all) {
        connection.echo(size);
    }
}

void messages_64k(Context& context) {
    Connection connection = context.connect();
    for (int i = 0; i < 16; ++i)
        connection.echo(64 * kib);
}

void message_1m(Context& context) {
    Connection connection = context.connect();
    connection.echo(mib);
    connection.echo(1); // would find what is too much
}

void single_bytes(Context& context) {
    constexpr std::size_t size = 1000;
    Connection connection = context.connect();
    for (std::size_t i = 0; i < size; ++i)
        connection.send(1);
    connection.receive(size);
    connection.echo(1);
}

// Keeps less than 16 KiB under way, which any server takes while its peer does not read.
void short_reads(Context& context) {
    Connection connection = context.connect({.receive_buffer = 4096});
    std::size_t odd = 1;
    for (int i = 0; i < 12; ++i) {
        connection.send(8 * kib);
        while (connection.unanswered() > 0) {
            if (connection.unanswered() < odd) odd = 1;
            connection.receive(odd);
            odd = odd * 2 + 1;
        }
    }
}

void pipelined(Context& context) {
    Connection connection = context.connect();
    for (std::size_t i = 0; i < 10'000; ++i) {
        connection.send(1 + i % 64);
        while (connection.unanswered() > 16 * kib)
            connection.receive(connection.unanswered() / 2);
    }
    connection.receive(connection.unanswered());
    connection.echo(1);
}

void stream(Context& context) {
    Connection connection = context.connect();
    connection.echo(16 * mib);
    connection.echo(1);
}

// Its reader pauses until the writer is stuck, again and again.
void stop_and_go(Context& context) {
    Connection connection = context.connect({.receive_buffer = 64 * kib, .send_buffer = 64 * kib});
    for (int i = 0; i < 3; ++i) {
        connection.fill(4 * mib);
        connection.receive(connection.unanswered() / 2);
    }
    connection.receive(connection.unanswered());
    connection.echo(1);
}

constexpr std::array cases{
    Case{"hello-world", "the text hello,world comes back", hello_world},
    Case{"one-byte", "a single byte comes back", one_byte},
    Case{"binary", "all 256 values come back, NUL first and last", binary},
    Case{"sizes", "messages around powers of two, short ones behind long ones", sizes},
    Case{"single-bytes", "1,000 segments of one byte each", single_bytes},
    Case{"messages-64k", "16 messages of 64 KiB", messages_64k},
    Case{"message-1m", "a message of 1 MiB, read while it is being sent", message_1m},
    Case{"short-reads", "a small receive buffer, read in odd sizes", short_reads},
    Case{"pipelined", "10,000 small messages without waiting for answers", pipelined},
    Case{"stop-and-go", "a reader that pauses until nothing moves, again and again", stop_and_go},
    Case{"stream", "16 MiB in both directions at once", stream},
};

} // namespace

std::span<Case const> message_cases() { return cases; }

} // namespace kodama::bench::conform
