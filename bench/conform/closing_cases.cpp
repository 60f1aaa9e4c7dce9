// How connections end: does everything come back before the FIN, and does the server live on?
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <bench/conform/cases.hpp>

namespace kodama::bench::conform {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

// A client that the server cannot send to.
Connection stuck_client(Context& context) {
    Connection client = context.connect({.receive_buffer = 64 * kib, .send_buffer = 64 * kib});
    client.fill(4 * mib);
    return client;
}

void empty(Context& context) {
    Connection connection = context.connect();
    connection.shut_down_sending();
    connection.expect_fin();
}

void close_after_reading(Context& context) {
    Connection connection = context.connect();
    connection.echo(10'000);
    connection.shut_down_sending();
    connection.expect_fin();
}

void half_close(Context& context) {
    Connection connection = context.connect();
    connection.send(10'000);
    connection.shut_down_sending();
    connection.receive(10'000);
    connection.expect_fin();
}

void half_close_unread(Context& context) {
    Connection connection = stuck_client(context);
    connection.shut_down_sending();
    connection.receive(connection.unanswered());
    connection.expect_fin();
}

void half_close_stream(Context& context) {
    Connection connection = context.connect();
    echo_all({&connection, 1}, 4 * mib, End::finish);
}

void half_close_many(Context& context) {
    std::vector<Connection> connections = context.connect_many(64);
    echo_all(connections, 16 * kib, End::finish);
}

// One who was there before, and one who comes after.
template <class Disturb> void survives(Context& context, int times, Disturb&& disturb) {
    Connection neighbour = context.connect();
    neighbour.echo(kib);
    for (int i = 0; i < times; ++i) {
        disturb();
        neighbour.echo(kib);
    }
    context.connect().echo(kib);
}

void reset_at_once(Context& context) {
    survives(context, 16, [&] { context.connect().reset(); });
}

void reset_midway(Context& context) {
    survives(context, 16, [&] {
        Connection victim = context.connect();
        victim.send(16 * kib);
        victim.receive(kib);
        victim.reset();
    });
}

void reset_unread(Context& context) {
    survives(context, 3, [&] { stuck_client(context).reset(); });
}

void close_unread(Context& context) {
    survives(context, 3, [&] { stuck_client(context).close(); });
}

constexpr std::array cases{
    Case{"empty", "a FIN without data is answered by a FIN without data", empty},
    Case{"close-after-reading", "read everything, then FIN: a FIN comes back", close_after_reading},
    Case{"half-close", "FIN behind the data: everything comes back, then the FIN", half_close},
    Case{"half-close-unread", "the same, with the server unable to send", half_close_unread},
    Case{"half-close-stream", "the same behind 4 MiB", half_close_stream},
    Case{"half-close-many", "64 connections at once do so", half_close_many},
    Case{"reset-at-once", "a RST behind the handshake harms nobody else", reset_at_once},
    Case{"reset-midway", "a RST between data harms nobody else", reset_midway},
    Case{"reset-unread", "a RST while the server cannot send harms nobody else", reset_unread},
    Case{"close-unread", "a close while the server cannot send harms nobody else", close_unread},
};

} // namespace

std::span<Case const> closing_cases() { return cases; }

} // namespace kodama::bench::conform
