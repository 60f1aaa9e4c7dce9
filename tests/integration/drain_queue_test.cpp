// Draining loses nobody who was told to be connected.
#include <support/catch.hpp>

#include <csignal>
#include <string>
#include <vector>

#include <support/client.hpp>
#include <support/kodama_process.hpp>
#include <support/scale.hpp>

using namespace kodama::testing;

namespace {

// The server does not run while they connect, so all of them wait in its accept queues; when it
// goes on, the first thing it hears is that it must end.
void drain_with_queue(std::vector<std::string> const& arguments, std::size_t count) {
    KodamaProcess process(arguments);
    process.signal(SIGSTOP);
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.emplace_back(loopback(process.port()));
        clients.back().send_all("hello " + std::to_string(i));
        clients.back().shut_down_sending();
    }
    process.signal(SIGTERM);
    process.signal(SIGCONT);
    for (std::size_t i = 0; i < count; ++i) {
        REQUIRE(clients[i].receive_until_fin() == "hello " + std::to_string(i));
    }
    CHECK(process.wait() == 0);
    CHECK(connect_error(loopback(process.port())) == ECONNREFUSED);
}

} // namespace

TEST_CASE("a drain serves whoever is queued, on every way of accepting") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    std::string const disabled = GENERATE("no-iowait", "direct-descriptors", "multishot-accept",
                                          "defer-taskrun", "multishot-receive");
    INFO("without " << disabled);
    REQUIRE_NOTHROW(drain_with_queue({"--workers", "2", "--disable", disabled}, scaled(300)));
}

TEST_CASE("a drain serves whoever is queued, also when there are fewer places") {
    if (kodama_binary().empty()) KODAMA_SKIP("KODAMA_BINARY is not set");
    REQUIRE_NOTHROW(drain_with_queue({"--workers", "2", "--max-connections", "10"}, scaled(300)));
}
