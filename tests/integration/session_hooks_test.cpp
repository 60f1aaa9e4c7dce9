// When hooks run, how often, in which thread, and what happens when one throws.
#include <support/catch.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

enum class Hook { constructor, on_open, on_receive, on_peer_finished, on_close };

// Throws once, in the hook that is armed, and otherwise echoes.
struct ThrowsOnce {
    ThrowsOnce() { throw_if(Hook::constructor); }

    void on_open(Connection&) { throw_if(Hook::on_open); }

    void on_receive(Connection& connection, Buffer buffer) {
        throw_if(Hook::on_receive);
        connection.send(std::move(buffer));
    }

    void on_peer_finished(Connection& connection) {
        throw_if(Hook::on_peer_finished);
        connection.close();
    }

    void on_close(CloseReason) { throw_if(Hook::on_close); }

    static void throw_if(Hook hook) {
        if (armed.load() == hook && !fired.exchange(true)) {
            throw std::runtime_error("as the test wants it");
        }
    }

    static inline std::atomic<Hook> armed{};
    static inline std::atomic<bool> fired{true};
};

// Counts what happens to its kind.
struct Counted {
    Counted() {
        ++made;
        note_thread();
    }

    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;

    ~Counted() {
        ++destroyed;
        if (closed != 1) ++wrong;
        note_thread();
    }

    void on_open(Connection&) {
        if (opened++ != 0) ++wrong;
        note_thread();
    }

    void on_receive(Connection& connection, Buffer buffer) {
        if (opened != 1 || closed != 0 || buffer.empty()) ++wrong;
        note_thread();
        std::string_view const text = buffer.text();
        if (text.starts_with("abort")) return connection.abort();
        if (text.starts_with("close")) return connection.close();
        if (text.starts_with("throw")) throw std::runtime_error("as the test wants it");
        connection.send(std::move(buffer));
    }

    void on_close(CloseReason reason) {
        if (closed++ != 0) ++wrong;
        ++reasons[static_cast<std::size_t>(reason)];
        note_thread();
    }

    static void note_thread() {
        std::lock_guard const lock(mutex);
        threads.insert(std::this_thread::get_id());
    }

    static void forget() {
        made = destroyed = wrong = 0;
        for (auto& count : reasons)
            count = 0;
        std::lock_guard const lock(mutex);
        threads.clear();
    }

    int opened = 0;
    int closed = 0;

    static inline std::atomic<std::uint64_t> made{0};
    static inline std::atomic<std::uint64_t> destroyed{0};
    static inline std::atomic<std::uint64_t> wrong{0};
    static inline std::array<std::atomic<std::uint64_t>, close_reason_count> reasons{};
    static inline std::mutex mutex;
    static inline std::set<std::thread::id> threads;
};

void say(TestServer<Counted> const& server, std::string const& word) {
    Client client = server.connect();
    client.send_all(word);
    client.discard_until_end();
}

} // namespace

TEST_CASE("a hook that throws ends its own connection and no other") {
    Hook const hook = GENERATE(Hook::constructor, Hook::on_open, Hook::on_receive,
                               Hook::on_peer_finished, Hook::on_close);
    INFO("hook " << static_cast<int>(hook));
    ThrowsOnce::fired = true;
    TestServer<ThrowsOnce> server{test_options()};
    Client other = server.connect();
    other.send_all("before");
    REQUIRE(other.receive_exactly(6) == "before");

    ThrowsOnce::armed = hook;
    ThrowsOnce::fired = false;
    try {
        Client victim = server.connect();
        victim.send_all("hello");
        victim.shut_down_sending();
        victim.discard_until_end();
    } catch (ClientError const& error) { // it may end at any time, while it connects too
        REQUIRE(error.error_number() != EAGAIN);
    }
    server.await(Counter::connections_open, 1);
    CHECK(ThrowsOnce::fired);
    CHECK(server.count(CloseReason::session_failed) == (hook == Hook::on_close ? 0 : 1));

    other.send_all("after");
    CHECK(other.receive_exactly(5) == "after");
    Client next = server.connect();
    next.send_all("next");
    CHECK(next.receive_exactly(4) == "next");
    next.shut_down_sending();
    REQUIRE_NOTHROW(next.expect_fin());
    other.close();
    server.await_nothing_left();
}

TEST_CASE("every session is made once, closed once for the right reason, and destroyed once",
          "[threads]") {
    Counted::forget();
    std::size_t const rounds = scaled(200);
    {
        TestServer<Counted> server{test_options()};
        for (std::size_t round = 0; round < rounds; ++round) {
            say(server, "abort");
            say(server, "close");
            say(server, "throw");
            server.connect().reset();
            Client finishes = server.connect();
            finishes.send_all("hello");
            finishes.shut_down_sending();
            REQUIRE(finishes.receive_until_fin() == "hello");
        }
        server.await_nothing_left();
        CHECK(Counted::made == 5 * rounds);
        CHECK(Counted::destroyed == 5 * rounds);
        for (CloseReason const reason :
             {CloseReason::session_aborted, CloseReason::session_closed,
              CloseReason::session_failed, CloseReason::peer_gone, CloseReason::peer_finished}) {
            INFO(name_of(reason));
            CHECK(Counted::reasons[static_cast<std::size_t>(reason)] == rounds);
            CHECK(server.count(reason) == rounds);
        }
        Client left_over = server.connect();
        left_over.send_all("hello");
        REQUIRE(left_over.receive_exactly(5) == "hello");
        CHECK(server.stop() == 1);
        CHECK(left_over.discard_until_end() == ECONNRESET);
    }
    CHECK(Counted::reasons[static_cast<std::size_t>(CloseReason::stopped)] == 1);
    CHECK(Counted::made == 5 * rounds + 1);
    CHECK(Counted::destroyed == 5 * rounds + 1);
    CHECK(Counted::wrong == 0);
}

TEST_CASE("all hooks of a worker's sessions run in one thread, and not in the caller's",
          "[threads]") {
    std::uint32_t const workers = GENERATE(1u, 2u);
    INFO("workers " << workers);
    Counted::forget();
    {
        TestServer<Counted> server{test_options(workers)};
        for (std::size_t i = 0; i < 64; ++i)
            say(server, i % 2 == 0 ? "abort" : "close");
        Client open = server.connect();
        open.send_all("hello");
        REQUIRE(open.receive_exactly(5) == "hello");
    } // the destructor stops the server: those hooks, too, belong to the workers
    std::lock_guard const lock(Counted::mutex);
    CHECK(Counted::threads.size() == workers);
    CHECK(Counted::threads.count(std::this_thread::get_id()) == 0);
    CHECK(Counted::wrong == 0);
}
