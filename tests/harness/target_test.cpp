#include <bench/harness/target.hpp>

#include <set>
#include <string>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>

using namespace kodama::bench;
using kodama::Address;
using kodama::OptionError;

TEST_CASE("a target is an endpoint that can be connected to") {
    CHECK(resolve_target("127.0.0.1:7").front() == Address::ipv4({127, 0, 0, 1}, 7));
    CHECK(resolve_target("[::1]:7").front().to_string() == "[::1]:7");
    CHECK_THROWS_AS(resolve_target("127.0.0.1:0"), OptionError);
    CHECK_THROWS_AS(resolve_target("*:7"), OptionError);
    CHECK_THROWS_AS(check_target("127.0.0.1:seven"), OptionError);
    CHECK_NOTHROW(check_target("no.such.host.example:7"));
}

TEST_CASE("only 127.0.0.0/8 is this machine's own, every address of it") {
    CHECK(is_ipv4_loopback(Address::ipv4({127, 0, 0, 1}, 7)));
    CHECK(is_ipv4_loopback(Address::ipv4({127, 255, 3, 4}, 7)));
    CHECK_FALSE(is_ipv4_loopback(Address::ipv4({128, 0, 0, 1}, 7)));
    CHECK_FALSE(is_ipv4_loopback(Address::ipv6({}, 7)));
}

TEST_CASE("source addresses differ and are loopback addresses") {
    std::set<std::string> seen;
    for (std::uint32_t const index : {0u, 1u, 254u, 255u, 256u, 65534u, 65535u}) {
        Address const address = source_address(index);
        CHECK(is_ipv4_loopback(address));
        CHECK(seen.insert(address.to_string()).second);
    }
    CHECK(source_address(0) == Address::ipv4({127, 0, 0, 1}, 0));
}
