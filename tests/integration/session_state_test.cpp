// What sessions share: with those of all workers, with those of their own, and with nobody.
#include <support/catch.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

struct Hits {
    std::atomic<int> count{0};
    std::atomic<int> worker_states{0};
    std::mutex mutex;
    std::set<std::thread::id> threads; // that made a worker's state, or took it down
};

// Answers with the count of all, which it adds to.
struct CountsForAll {
    explicit CountsForAll(Hits& all) : hits(all) {}
    void on_receive(Connection& connection, Buffer) {
        connection.send_copy(std::to_string(++hits.count));
    }
    Hits& hits;
};

// Needs no constructor.
struct Plain {
    Hits const& hits;
    void on_receive(Connection& connection, Buffer) const {
        connection.send_copy(std::to_string(hits.count));
    }
};

struct CountsForWorker {
    struct WorkerState {
        int count = 0;
    };
    explicit CountsForWorker(WorkerState& of_worker) : state(of_worker) {}
    void on_receive(Connection& connection, Buffer) {
        connection.send_copy(std::to_string(++state.count));
    }
    WorkerState& state;
};

struct TakesBoth {
    struct alignas(256) WorkerState {
        explicit WorkerState(Hits& all) : hits(all) {
            ++hits.worker_states;
            note_thread();
        }
        WorkerState(WorkerState const&) = delete;
        WorkerState& operator=(WorkerState const&) = delete;
        ~WorkerState() {
            --hits.worker_states;
            note_thread();
        }
        void note_thread() {
            std::lock_guard const lock(hits.mutex);
            hits.threads.insert(std::this_thread::get_id());
        }
        Hits& hits;
        std::vector<Buffer> kept; // may be kept past a session by what ends with the worker
    };

    TakesBoth(Hits& all, WorkerState& of_worker) : hits(all), state(of_worker) {}
    void on_receive(Connection& connection, Buffer buffer) {
        auto const address = reinterpret_cast<std::uintptr_t>(&state);
        bool const well = &state.hits == &hits && address % alignof(WorkerState) == 0;
        state.kept.push_back(std::move(buffer));
        connection.send_copy(well ? "well" : "ill!");
    }
    Hits& hits;
    WorkerState& state;
};

// A session of lines may want either, too.
struct CountsLines {
    struct WorkerState {
        int lines = 0;
    };
    CountsLines(Hits& all, WorkerState& of_worker) : hits(all), state(of_worker) {}
    void on_line(Connection& connection, std::string_view) {
        connection.send_copy(std::to_string(++hits.count) + " " + std::to_string(++state.lines));
    }
    Hits& hits;
    WorkerState& state;
};

Task count_for_all(Stream stream, Hits& hits) {
    static_cast<void>(co_await stream.receive());
    std::string const answer = std::to_string(++hits.count);
    co_await stream.send_copy(answer);
}

Task only_look(Stream stream, Hits const& hits) {
    static_cast<void>(co_await stream.receive());
    std::string const answer = std::to_string(hits.count);
    co_await stream.send_copy(answer);
}

struct CannotStart : Echo {
    struct WorkerState {
        WorkerState() { throw std::runtime_error("no worker state today"); }
    };
    explicit CannotStart(WorkerState&) {}
};

static_assert(Session<Echo>);
static_assert(Session<Echo, Hits>); // it need not take what there is
static_assert(!Session<CountsForAll>);
static_assert(Session<CountsForAll, Hits>);
static_assert(!Session<CountsForAll, Hits const>);
static_assert(Session<Plain, Hits const>);
static_assert(!Session<Plain>);
static_assert(Session<CountsForWorker>);
static_assert(Session<TakesBoth, Hits>);
static_assert(!Session<TakesBoth>);
static_assert(!Session<int>);
static_assert(Session<Lines<CountsLines>, Hits>);
static_assert(!Session<Lines<CountsLines>>);
static_assert(Session<Coroutine<count_for_all>, Hits>);
static_assert(!Session<Coroutine<count_for_all>, Hits const>);
static_assert(!Session<Coroutine<count_for_all>>);

std::string ask(BasicServer const& server) {
    Client client(server.endpoints().front());
    client.send_all("x");
    client.shut_down_sending();
    return client.receive_until_fin();
}

} // namespace

TEST_CASE("sessions of all workers share the object that the server was given", "[threads]") {
    Watchdog const watchdog;
    Hits hits;
    {
        Server<CountsForAll> server{test_options(2), hits};
        for (int i = 1; i <= 50; ++i)
            CHECK(ask(server) == std::to_string(i));
    }
    CHECK(hits.count == 50);
}

TEST_CASE("a session without a constructor takes the shared object too, a const one as well") {
    Watchdog const watchdog;
    Hits hits;
    hits.count = 42;
    Server<Plain> server{test_options(), std::as_const(hits)};
    CHECK(ask(server) == "42");
}

TEST_CASE("a session of lines takes what its inner session takes") {
    Watchdog const watchdog;
    Hits hits;
    hits.count = 41;
    Server<Lines<CountsLines>> server{test_options(), hits};
    Client client(server.endpoints().front());
    client.send_all("a line\n");
    client.shut_down_sending();
    CHECK(client.receive_until_fin() == "42 1");
}

TEST_CASE("coroutines share an object, a const one as well") {
    Watchdog const watchdog;
    Hits hits;
    Server<Coroutine<count_for_all>> server{test_options(), hits};
    CHECK(ask(server) == "1");
    CHECK(ask(server) == "2");
    Server<Coroutine<only_look>> onlooker{test_options(), std::as_const(hits)};
    CHECK(ask(onlooker) == "2");
}

TEST_CASE("a coroutine that shares an object is refused where its frame is too large") {
    Watchdog const watchdog;
    Hits hits;
    using TooSmall = Coroutine<count_for_all, CoroutineMemory{.frame = 16}>;
    CHECK_THROWS_AS((Server<TooSmall>{test_options(), hits}), OptionError);
}

TEST_CASE("sessions of a worker share what the worker has made") {
    Watchdog const watchdog;
    Server<CountsForWorker> server{test_options()};
    CHECK(ask(server) == "1");
    CHECK(ask(server) == "2");
    Server<CountsForWorker> other{test_options()};
    CHECK(ask(other) == "1");
}

TEST_CASE("each worker's state is made and ended in its own thread, and may hold buffers",
          "[threads]") {
    Watchdog const watchdog;
    Hits hits;
    {
        Server<TakesBoth> server{test_options(2), hits};
        CHECK(hits.worker_states == 2);
        for (int i = 0; i < 20; ++i)
            CHECK(ask(server) == "well");
    }
    CHECK(hits.worker_states == 0);
    CHECK(hits.threads.size() == 2);
    CHECK(hits.threads.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("a worker's state that cannot be made is told to who makes the server") {
    Watchdog const watchdog;
    CHECK_THROWS_WITH(Server<CannotStart>{test_options(2)}, "no worker state today");
}
