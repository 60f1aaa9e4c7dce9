#include <kodama/net/listening_socket.hpp>

#include <future>
#include <string>

#include "sockets.hpp"

using namespace std::chrono_literals;
using kodama::Address;
using kodama::listen_on;
using kodama::ListeningSockets;
using kodama::UniqueFd;
using namespace kodama::testing;

TEST_CASE("a port on which another program listens is refused, whatever its socket options") {
    Habits const habits = GENERATE(Habits{false, false}, Habits{true, false}, Habits{false, true},
                                   Habits{true, true});
    Address const any = GENERATE(loopback(), Address::ipv4({0, 0, 0, 0}, 0));
    UniqueFd const other = other_program(any, habits);
    REQUIRE(other);
    std::uint16_t const port = own_address(other).port();
    CAPTURE(habits.reuse_address, habits.reuse_port);
    CHECK(refusal({"127.0.0.1", port}) ==
          "cannot listen on 127.0.0.1:" + std::to_string(port) +
              ": Address already in use; stop the program that has the port, or choose another "
              "with --listen");
    CHECK_THAT(refusal({"localhost", port}), contains_text("Address already in use"));
    CHECK_THAT(refusal({"*", port}, 2), contains_text("Address already in use"));
}

TEST_CASE("a port that another program has bound for itself is refused before it listens") {
    bool const reuse_port = GENERATE(false, true);
    UniqueFd const other = other_program(loopback(), {.reuse_port = reuse_port, .listens = false});
    REQUIRE(other);
    CHECK_THAT(refusal({"127.0.0.1", own_address(other).port()}),
               contains_text("Address already in use"));
}

TEST_CASE("of two programs that have bound a port, the first to listen has it") {
    UniqueFd const other = other_program(loopback(), {.reuse_address = true, .listens = false});
    REQUIRE(other);
    auto const bound = listen_on({"127.0.0.1", own_address(other).port()}, 1, listen_options, 0s);
    CHECK(bound.size() == 1);
    CHECK(::listen(other.get(), 1) != 0);
}

TEST_CASE("of many servers that start at the same time on a port, one gets it") {
    std::uint16_t const port = listen_on({"127.0.0.1", 0}, 1, listen_options)[0].address.port();
    using Bound = std::vector<ListeningSockets>;
    std::vector<std::future<Bound>> servers;
    for (int i = 0; i < 8; ++i) {
        servers.push_back(std::async(std::launch::async, [port] {
            return listen_on({"127.0.0.1", port}, 4, listen_options, 300ms);
        }));
    }
    std::vector<Bound> winners; // They keep the port until all have tried.
    for (std::future<Bound>& server : servers) {
        try {
            winners.push_back(server.get());
        } catch (kodama::SetupError const& error) {
            CHECK_THAT(error.what(), contains_text("Address already in use"));
        }
    }
    CHECK(winners.size() == 1);
}

TEST_CASE("a port that one endpoint has is refused to the next one") {
    auto const bound = listen_on({"localhost", 0}, 2, listen_options);
    CHECK_THAT(refusal({"localhost", bound[0].address.port()}, 2),
               contains_text("cannot listen on 127.0.0.1:"));
}

TEST_CASE("a port in use in one family only is refused with the address of that family") {
    UniqueFd other = other_program(loopback6(), {});
    if (!other) KODAMA_SKIP("no IPv6 here");
    // What runs beside this test may have the port in the other family.
    auto const free_in_ipv4 = [&] {
        auto const address = Address::ipv4({127, 0, 0, 1}, own_address(other).port());
        return static_cast<bool>(other_program(address, {}));
    };
    for (int tries = 0; tries < 64 && !free_in_ipv4(); ++tries)
        other = other_program(loopback6(), {});
    std::uint16_t const port = own_address(other).port();
    CHECK_THAT(refusal({"localhost", port}),
               contains_text("cannot listen on [::1]:" + std::to_string(port) + ": "));
    // Nothing is left behind in the family that was free.
    CHECK(listen_on({"127.0.0.1", port}, 1, listen_options, 0s).size() == 1);
}

TEST_CASE("a port is waited for while a program that ends still has it") {
    UniqueFd other = other_program(loopback(), {.reuse_address = true});
    std::uint16_t const port = own_address(other).port();
    auto bound = std::async(std::launch::async, [port] {
        return listen_on({"127.0.0.1", port}, 1, listen_options, 30s);
    });
    // Whether it has tried once by then does not matter: it must succeed in either case.
    CHECK(bound.wait_for(30ms) == std::future_status::timeout);
    other.reset();
    CHECK(bound.get().size() == 1);
}
