#include <kodama/core/connection_table.hpp>

#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include <support/catch.hpp>

using kodama::Connection;
using kodama::ConnectionTable;
using kodama::Generation;
using kodama::Operation;
using kodama::SessionHooks;
using kodama::Slot;
using kodama::Token;
using Chooser = kodama::ConnectionTable::Chooser;

namespace {

SessionHooks hooks_for(std::size_t size, std::size_t alignment) {
    SessionHooks hooks;
    hooks.size = size;
    hooks.alignment = alignment;
    return hooks;
}

Token token(Slot slot, std::uint32_t generation) {
    return Token(Operation::receive, slot, Generation{generation});
}

// Where the table has put a connection.
Slot slot_of(ConnectionTable& table, Connection const& connection) {
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        if (table.at(Slot{i}) == &connection) return Slot{i};
    }
    FAIL("the connection is in no place");
    return Slot{};
}

SessionHooks const small = hooks_for(8, 8);

} // namespace

TEST_CASE("a new connection table is empty") {
    Chooser const chooser = GENERATE(Chooser::kernel, Chooser::table);
    ConnectionTable table(5, chooser, small);
    CHECK(table.size() == 5);
    CHECK(table.used() == 0);
    CHECK(table.free_places() == 5);
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        CHECK(table.at(Slot{i}) == nullptr);
        CHECK(table.find(token(Slot{i}, 0)) == nullptr);
    }
}

TEST_CASE("a connection is in the place that the kernel has chosen") {
    ConnectionTable table(4, Chooser::kernel, small);
    Connection& third = table.take(Slot{2});
    Connection& first = table.take(Slot{0});
    CHECK(&first != &third);
    CHECK(table.at(Slot{2}) == &third);
    CHECK(table.at(Slot{0}) == &first);
    CHECK(table.at(Slot{1}) == nullptr);
    CHECK(table.used() == 2);
    CHECK(table.free_places() == 2);
    table.release(third);
    CHECK(table.at(Slot{2}) == nullptr);
    CHECK(table.at(Slot{0}) == &first);
    CHECK(table.used() == 1);
    table.release(first);
    CHECK(table.free_places() == 4);
}

TEST_CASE("a table that chooses gives each connection a place of its own until it is full") {
    ConnectionTable table(4, Chooser::table, small);
    std::set<std::uint32_t> slots;
    std::vector<Connection*> connections;
    while (table.free_places() > 0) {
        connections.push_back(&table.take_any());
        CHECK(slots.insert(index_of(slot_of(table, *connections.back()))).second);
    }
    CHECK(slots.size() == 4);
    for (Connection* const connection : connections)
        table.release(*connection);
    CHECK(table.used() == 0);
}

TEST_CASE("outgoing connections have the last places of a table, and nobody else has") {
    Chooser const chooser = GENERATE(Chooser::kernel, Chooser::table);
    ConnectionTable table(3, chooser, small, 2);
    CHECK(table.size() == 3);
    CHECK(table.size_accepted() == 1);
    Connection* const first = table.take_outgoing();
    Connection* const second = table.take_outgoing();
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(first == table.at(Slot{1}));
    CHECK(second == table.at(Slot{2}));
    CHECK(table.take_outgoing() == nullptr);
    CHECK(table.free_places() == 1);
    Connection& accepted = chooser == Chooser::kernel ? table.take(Slot{0}) : table.take_any();
    CHECK(&accepted == table.at(Slot{0}));
    CHECK(table.used() == 3);
    CHECK(table.used_accepted() == 1);
    table.release(*second);
    table.release(accepted);
    CHECK(table.take_outgoing() == second);
    table.release(*first);
    table.release(*second);
    CHECK(table.used() == 0);
}

TEST_CASE("a table that chooses takes the place that came free last") {
    ConnectionTable table(4, Chooser::table, small);
    Connection& first = table.take_any();
    Connection& second = table.take_any();
    table.release(first);
    table.release(second);
    Connection& again = table.take_any();
    CHECK(&again == &second);
    Connection& again_too = table.take_any();
    CHECK(&again_too == &first);
    table.release(again);
    table.release(again_too);
}

TEST_CASE("a token finds its connection as long as that lives, and no later one in its place") {
    Chooser const chooser = GENERATE(Chooser::kernel, Chooser::table);
    ConnectionTable table(1, chooser, small);
    for (std::uint32_t generation = 0; generation < 5; ++generation) {
        Connection& connection =
            chooser == Chooser::kernel ? table.take(Slot{0}) : table.take_any();
        for (std::uint32_t other = 0; other < 7; ++other) {
            Connection* const expected = other == generation ? &connection : nullptr;
            CHECK(table.find(token(Slot{0}, other)) == expected);
        }
        table.release(connection);
        CHECK(table.find(token(Slot{0}, generation)) == nullptr);
        CHECK(table.find(token(Slot{0}, generation + 1)) == nullptr);
    }
}

TEST_CASE("generations are counted for each place on its own") {
    ConnectionTable table(2, Chooser::kernel, small);
    table.release(table.take(Slot{0}));
    Connection& other = table.take(Slot{1});
    CHECK(table.find(token(Slot{1}, 0)) == &other);
    CHECK(table.find(token(Slot{0}, 0)) == nullptr);
    table.release(other);
}

TEST_CASE("a place that is used again has nothing of the connection before") {
    ConnectionTable table(1, Chooser::kernel, small);
    // Its state is not reachable here, but what its calls say is.
    Connection& connection = table.take(Slot{0});
    CHECK(connection.unsent() == 0);
    table.release(connection);
    CHECK(table.take(Slot{0}).unsent() == 0);
    table.release(*table.at(Slot{0}));
}

TEST_CASE("each session has memory of its own, as large and as aligned as it wants") {
    auto const size = GENERATE(as<std::size_t>(), 0, 1, 8, 63, 64, 65, 4096, 100'000);
    auto const alignment = GENERATE(as<std::size_t>(), 1, 2, 8, 16, 64, 128, 4096);
    ConnectionTable table(3, Chooser::kernel, hooks_for(size, alignment));
    CAPTURE(size, alignment);
    std::vector<std::byte*> sessions;
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        void* const session = table.session_of(table.take(Slot{i}));
        CHECK(reinterpret_cast<std::uintptr_t>(session) % alignment == 0);
        sessions.push_back(static_cast<std::byte*>(session));
    }
    // Whoever writes all of its memory touches nobody else's: AddressSanitizer watches the ends,
    // and the destructors of the connections notice what is between.
    for (std::size_t i = 0; i < sessions.size(); ++i)
        std::memset(sessions[i], static_cast<int>(i + 1), size);
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        for (std::size_t at = 0; at < size; at += size / 2 + 1)
            CHECK(sessions[i][at] == static_cast<std::byte>(i + 1));
        REQUIRE(table.at(Slot{i}) != nullptr);
        CHECK(table.find(token(Slot{i}, 0)) == table.at(Slot{i}));
        CHECK(table.at(Slot{i})->unsent() == 0);
        table.release(*table.at(Slot{i}));
    }
}

TEST_CASE("a session starts where no write to it shares a cache line with another connection") {
    ConnectionTable table(2, Chooser::kernel, small);
    auto const first = reinterpret_cast<std::uintptr_t>(&table.take(Slot{0}));
    auto const second = reinterpret_cast<std::uintptr_t>(&table.take(Slot{1}));
    CHECK(first % 64 == 0);
    CHECK(second % 64 == 0);
    table.release(*table.at(Slot{0}));
    table.release(*table.at(Slot{1}));
}
