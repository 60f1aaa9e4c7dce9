// When receive buffers run out: connections wait, and each has its turn.
#include <support/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <kodama/kodama.hpp>
#include <support/client.hpp>
#include <support/load.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// The worker stands still in the first hook until the test lets it go on.
struct HeldUpEcho {
    enum class Stage : std::uint8_t { not_yet, held_up, over };
    static inline std::atomic<Stage> stage{Stage::not_yet};

    static void on_receive(Connection& connection, Buffer buffer) {
        if (stage == Stage::not_yet) {
            stage = Stage::held_up;
            stage.notify_all();
            stage.wait(Stage::held_up);
        }
        connection.send(std::move(buffer));
    }
};

// Has so many clients say something at once that there are not buffers for all of them.
void make_buffers_short(TestServer<HeldUpEcho> const& server) {
    using Stage = HeldUpEcho::Stage;
    HeldUpEcho::stage = Stage::not_yet;
    std::vector<Client> clients;
    for (int i = 0; i < 16; ++i)
        clients.push_back(server.connect());
    server.await(Counter::accepted, clients.size());
    clients.front().send_all("x");
    HeldUpEcho::stage.wait(Stage::not_yet);
    for (std::size_t i = 1; i < clients.size(); ++i)
        clients[i].send_all("x");
    HeldUpEcho::stage = Stage::over;
    HeldUpEcho::stage.notify_all();
    for (Client& client : clients)
        REQUIRE(client.receive_exactly(1) == "x");
    CHECK(server.count(Counter::parks) > 0);
}

} // namespace

TEST_CASE("fault_R1: four buffers serve a thousand busy connections, each in its turn") {
    Options options = test_options(1);
    options.buffers = {.count = 4, .size = 4096};
    TestServer<HeldUpEcho> server{options};
    make_buffers_short(server);
    std::size_t const connections = std::max<std::size_t>(scaled(1000), 100);
    REQUIRE_NOTHROW(run({.server = server.address(),
                         .connections = connections,
                         .bytes = 20'000,
                         .segment_max = 5000,
                         .seed = test_seed()}));
    server.await_nothing_left();
    // A connection is re-armed for what it receives, for what it finds missing, and at its ends.
    std::uint64_t const receives = server.count(Counter::receives);
    CHECK(server.count(Counter::receives_armed) <= 3 * receives + 4 * (connections + 16));
}
