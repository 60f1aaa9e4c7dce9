// Many connections: are they kept apart, and does none suffer from others?
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <bench/conform/cases.hpp>
#include <bench/harness/random.hpp>

namespace kodama::bench::conform {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

void unread_neighbours(Context& context) {
    std::vector<Connection> silent = context.connect_many(3, {.receive_buffer = 64 * kib});
    std::vector<Connection> others = context.connect_many(16);
    for (Connection& one : silent) {
        one.fill(8 * mib);
        for (int round = 0; round < 10; ++round)
            echo_all(others, kib);
    }
    echo_all(silent, 1); // and all that was sent before
}

void interleaved(Context& context) {
    std::vector<Connection> connections = context.connect_many(50);
    Random random(1);
    for (int step = 0; step < 5'000; ++step) {
        Connection& one = connections[random.below(connections.size())];
        if (one.unanswered() == 0) {
            one.send(1 + random.below(3'000));
        } else {
            one.receive(1 + random.below(one.unanswered()));
        }
    }
    echo_all(connections, 1);
}

void storm(Context& context) {
    std::vector<Connection> connections = context.storm(128);
    echo_all(connections, 100);
}

void streams(Context& context) {
    std::vector<Connection> connections = context.connect_many(8);
    echo_all(connections, 2 * mib);
}

void many(Context& context) {
    Crowd const& crowd = context.crowd();
    std::size_t const count = std::min(crowd.wanted, crowd.possible);
    if (count < crowd.wanted) {
        context.remark = "with " + std::to_string(count) + " connections instead of " +
                         std::to_string(crowd.wanted) + ", for this client's limit of descriptors";
    }
    std::vector<Connection> connections = context.connect_many(count);
    echo_all(connections, kib);
    echo_all(connections, 1);
    echo_all(connections, 100, End::finish);
}

// In all the ways that a client may end; what the server forgets to give back adds up.
void come_and_go(Context& context) {
    for (int i = 0; i < 1'000; ++i) {
        Connection connection = context.connect();
        connection.echo(64);
        switch (i % 3) {
        case 0:
            connection.shut_down_sending();
            connection.expect_fin();
            break;
        case 1:
            connection.reset();
            break;
        default:
            connection.close();
        }
    }
}

void idle(Context& context) { context.idle().echo(kib); }

constexpr std::array cases{
    Case{"interleaved", "50 connections in random order never get each other's", interleaved},
    Case{"storm", "128 clients that connect at once are all served", storm},
    Case{"streams", "8 streams of 2 MiB at once", streams},
    Case{"unread-neighbours", "who does not read harms nobody else, and loses nothing",
         unread_neighbours},
    Case{"many", "many connections at once (--connections), each with its own bytes", many},
    Case{"come-and-go", "1,000 connections one after the other, ended in three ways", come_and_go},
    Case{"idle", "a connection that said nothing since the start is still served", idle},
};

} // namespace

std::span<Case const> crowd_cases() { return cases; }

} // namespace kodama::bench::conform
