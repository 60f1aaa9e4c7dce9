// A server with nothing to do does nothing. The one place where letting time pass is the point.
#include <support/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>
#include <vector>

#include <support/kodama_process.hpp>
#include <support/scale.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// The binary is built as this program is.
#if defined(__SANITIZE_THREAD__)
constexpr bool built_with_thread_sanitizer = true;
#elif defined(__has_feature)
constexpr bool built_with_thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool built_with_thread_sanitizer = false;
#endif

std::chrono::seconds idle_time() { return std::chrono::seconds(scale() == Scale::small ? 1 : 5); }

// Waits until `number` gives the same for a while: what the last echo started is over.
template <class Number> std::uint64_t settled(Number&& number) {
    std::uint64_t value = number();
    int same = 0;
    eventually("what the last echo started is over", [&] {
        std::uint64_t const before = std::exchange(value, number());
        same = before == value ? same + 1 : 0;
        return same == 20;
    });
    return value;
}

// Each has echoed once, so that each is accepted and waits for its next message.
std::vector<Client> idle_clients(Address const& server) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < scaled(1000); ++i) {
        clients.emplace_back(server);
        clients.back().send_all("idle");
        if (clients.back().receive_exactly(4) != "idle") throw std::runtime_error("no echo");
    }
    return clients;
}

} // namespace

TEST_CASE("a thousand idle connections cause no turn") {
    std::uint32_t const workers = GENERATE(1u, 2u);
    bool const polls_busily = GENERATE(false, true);
    INFO("workers " << workers << (polls_busily ? ", busy polling" : ""));
    Options options = test_options(workers);
    if (polls_busily) options.busy_poll = std::chrono::milliseconds(1);
    TestServer<Echo> server{options};
    std::vector<Client> const clients = idle_clients(server.address());
    std::uint64_t const turns = settled([&] { return server.count(Counter::turns); });
    std::this_thread::sleep_for(idle_time());
    CHECK(server.count(Counter::turns) == turns);
    CHECK(server.count(Counter::connections_open) == clients.size());
}

TEST_CASE("a thousand idle connections cause the binary no system call") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    if (built_with_thread_sanitizer) KODAMA_SKIP("ThreadSanitizer's own thread never sleeps long");
    raise_descriptor_limit();
    KodamaProcess kodama({"--workers", "2"});
    std::vector<Client> clients = idle_clients(loopback(kodama.port()));
    std::uint64_t const switches = settled([&] { return context_switches(kodama.pid()); });
    // A thread that sleeps now and has not been switched in by then has made no system call.
    std::this_thread::sleep_for(idle_time());
    CHECK(context_switches(kodama.pid()) == switches);
    CHECK(sleeping_threads(kodama.pid()) == thread_count(kodama.pid()));

    clients.back().send_all("awake");
    CHECK(clients.back().receive_exactly(5) == "awake");
    clients.clear();
    kodama.signal(SIGTERM);
    CHECK(kodama.wait() == 0);
}

TEST_CASE("fault_R1: who waits for buffers is not forgotten when all others are idle") {
    Options options = test_options();
    options.buffers = {.count = 1, .size = 64};
    TestServer<Echo> server{options};
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i)
        clients.push_back(server.connect());
    for (Client& client : clients)
        client.send_all("all");
    for (Client& client : clients)
        CHECK(client.receive_exactly(3) == "all");
    // The last one waits behind all others, who have nothing to say.
    std::reverse(clients.begin(), clients.end());
    for (Client& client : clients) {
        client.send_all("alone");
        CHECK(client.receive_exactly(5) == "alone");
    }
}
