// Connections that are reached from elsewhere: by other sessions, other workers, other threads.
#include <support/catch.hpp>

#include <cerrno>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// Who is there, whichever worker serves them.
class Room {
public:
    void enter(Handle const& handle) {
        std::lock_guard const lock(mutex_);
        handles_.push_back(handle);
    }
    void leave(Handle const& handle) {
        std::lock_guard const lock(mutex_);
        std::erase(handles_, handle);
    }
    [[nodiscard]] std::vector<Handle> everybody() const {
        std::lock_guard const lock(mutex_);
        return handles_;
    }
    [[nodiscard]] Handle await_first() const {
        eventually("somebody is there", [&] { return !everybody().empty(); });
        return everybody().front();
    }

private:
    mutable std::mutex mutex_;
    std::vector<Handle> handles_;
};

// Says everything to everybody.
struct Broadcast {
    explicit Broadcast(Room& all) : room(all) {}
    void on_open(Connection& connection) {
        own = connection.handle();
        room.enter(own);
    }
    void on_receive(Connection&, Buffer buffer) {
        SharedBytes const message = SharedBytes::copy_of(buffer.text());
        for (Handle const& handle : room.everybody())
            handle.send(message);
    }
    void on_close(CloseReason) { room.leave(own); }

    Room& room;
    Handle own;
};

// Waits in its hook until it may go on.
struct Sleeper : Broadcast {
    using Broadcast::Broadcast;
    void on_receive(Connection& connection, Buffer buffer) {
        if (buffer.text() != "sleep") return Broadcast::on_receive(connection, std::move(buffer));
        asleep->set_value();
        awake->get_future().wait();
    }
    static inline std::unique_ptr<std::promise<void>> asleep;
    static inline std::unique_ptr<std::promise<void>> awake;
};

// The server's end comes before that of the watchdog, and of what it shares.
template <class S> struct Shared {
    explicit Shared(Options const& options) : server(options, room) {}
    [[nodiscard]] Client connect(ClientOptions options = {}) const {
        return Client(server.endpoints().front(), options);
    }
    void await(CloseReason reason, std::uint64_t count) const {
        eventually(std::string(name_of(reason)),
                   [&] { return server.counters()[reason] == count; });
    }
    Watchdog watchdog;
    Room room;
    Server<S> server;
};

} // namespace

TEST_CASE("another thread sends to a connection, and ends it", "[threads]") {
    Shared<Broadcast> shared(test_options());
    Client client = shared.connect();
    Handle const handle = shared.room.await_first();
    CHECK(handle.send_copy("one, "));
    CHECK(handle.send(SharedBytes::copy_of("two, ")));
    CHECK(handle.send({}));
    CHECK(handle.send_copy("three"));
    CHECK(handle.close());
    CHECK(client.receive_until_fin() == "one, two, three");
    client.close();
    shared.await(CloseReason::session_closed, 1);

    Client other = shared.connect();
    Handle const second = shared.room.await_first();
    CHECK_FALSE(second == handle);
    CHECK(handle.send_copy("for somebody who has gone")); // nobody hears that
    CHECK(handle.abort());
    CHECK(second.send_copy("hello"));
    CHECK(other.receive_exactly(5) == "hello");
    CHECK(second.abort());
    CHECK(other.discard_until_end() == ECONNRESET);
    shared.await(CloseReason::session_aborted, 1);

    shared.server.stop();
    CHECK_FALSE(handle.send_copy("x"));
    CHECK_FALSE(second.close());
    CHECK_FALSE(Handle().send_copy("x"));
}

TEST_CASE("a handle may outlive its server") {
    Handle handle;
    {
        Shared<Broadcast> shared(test_options());
        Client const client = shared.connect();
        handle = shared.room.await_first();
    }
    CHECK_FALSE(handle.send_copy("x"));
    CHECK_FALSE(handle.abort());
}

TEST_CASE("what one says everybody hears, in order, whichever worker serves them", "[threads]") {
    Shared<Broadcast> shared(test_options(2));
    constexpr std::size_t people = 8;
    std::size_t const rounds = scaled(100);
    std::vector<Client> clients;
    for (std::size_t i = 0; i < people; ++i)
        clients.push_back(shared.connect());
    eventually("all are there", [&] { return shared.room.everybody().size() == people; });
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < people; ++i)
            clients[i].send_all(std::string(1, static_cast<char>('a' + i)));
    }
    for (Client& client : clients) {
        // Everybody's letters, as often as they were said.
        std::string const heard = client.receive_exactly(people * rounds);
        for (std::size_t i = 0; i < people; ++i) {
            auto const letter = static_cast<char>('a' + i);
            CHECK(static_cast<std::size_t>(std::count(heard.begin(), heard.end(), letter)) ==
                  rounds);
        }
    }
}

TEST_CASE("many threads send to one connection, each in its order", "[threads]") {
    Shared<Broadcast> shared(test_options());
    Client client = shared.connect();
    Handle const handle = shared.room.await_first();
    std::size_t const count = scaled(2000);
    auto const say = [&handle, count](std::string const& words) {
        for (std::size_t i = 0; i < count; ++i) {
            std::string_view const word = std::string_view(words).substr(i % 10, 1);
            while (!handle.send_copy(word)) // the inbox is full
                std::this_thread::yield();
        }
    };
    auto const digits = std::async(std::launch::async, say, "0123456789");
    auto const letters = std::async(std::launch::async, say, "abcdefghij");
    std::string const heard = client.receive_exactly(2 * count);
    std::size_t digit = 0;
    std::size_t letter = 0;
    bool in_order = true;
    for (char const one : heard) {
        bool const is_digit = one >= '0' && one <= '9';
        std::size_t const expected = (is_digit ? digit++ : letter++) % 10;
        in_order = in_order && one == (is_digit ? '0' : 'a') + static_cast<char>(expected);
    }
    CHECK(in_order);
    CHECK(digit == count);
}

TEST_CASE("an inbox that is full refuses, and is empty when the worker has looked", "[threads]") {
    Sleeper::asleep = std::make_unique<std::promise<void>>();
    Sleeper::awake = std::make_unique<std::promise<void>>();
    Options options = test_options();
    options.inbox = {.calls = 2, .bytes = 4};
    Shared<Sleeper> shared(options);
    Client client = shared.connect();
    client.send_all("sleep");
    Sleeper::asleep->get_future().wait();
    Handle const handle = shared.room.await_first();
    CHECK_FALSE(handle.send_copy("12345"));
    CHECK(handle.send_copy("1234"));
    CHECK_FALSE(handle.send_copy("5"));
    CHECK(handle.send(SharedBytes::copy_of("5678")));
    CHECK_FALSE(handle.close());
    Sleeper::awake->set_value();
    CHECK(client.receive_exactly(8) == "12345678");
    CHECK(handle.close());
    client.expect_fin();
}

TEST_CASE("a connection that is sent too much from elsewhere is reset") {
    Shared<Broadcast> shared(test_options());
    Client client = shared.connect({.receive_buffer = 4096});
    Handle const handle = shared.room.await_first();
    SharedBytes const much = SharedBytes::copy_of(std::string(1 << 20, 'x'));
    eventually("it is reset", [&] {
        static_cast<void>(handle.send(much));
        return shared.server.counters()[CloseReason::overrun] == 1;
    });
    CHECK(client.discard_until_end() == ECONNRESET);
}

TEST_CASE("large bytes go to many without a copy for each, and more than there are places for") {
    Options options = test_options();
    options.shared_sends = 3;
    Shared<Broadcast> shared(options);
    std::string const text(3'000'000, 'x'); // more than a socket takes at once
    SharedBytes const bytes = SharedBytes::copy_of(text);
    std::vector<Client> clients;
    for (int i = 0; i < 6; ++i)
        clients.push_back(shared.connect());
    eventually("all are there", [&] { return shared.room.everybody().size() == 6; });
    for (Handle const& handle : shared.room.everybody())
        CHECK(handle.send(bytes));
    for (Client& client : clients)
        CHECK(client.receive_exactly(text.size()) == text);
    for (Client& client : clients)
        client.close();
    eventually("all are gone",
               [&] { return shared.server.counters()[Counter::connections_open] == 0; });
}
