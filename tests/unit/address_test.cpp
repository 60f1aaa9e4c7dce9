#include <kodama/base/address.hpp>

#include <cstring>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <support/catch.hpp>

using kodama::Address;
using kodama::AddressFamily;

namespace {

std::array<std::uint8_t, 16> link_local() {
    std::array<std::uint8_t, 16> bytes{};
    bytes[0] = 0xfe;
    bytes[1] = 0x80;
    bytes[15] = 1;
    return bytes;
}

} // namespace

TEST_CASE("an address prints with its port, IPv6 in brackets and with its scope") {
    CHECK(Address::ipv4({127, 0, 0, 1}, 8888).to_string() == "127.0.0.1:8888");
    CHECK(Address::ipv4({255, 255, 255, 255}, 65535).to_string() == "255.255.255.255:65535");
    CHECK(Address::ipv6({}, 0).to_string() == "[::]:0");
    CHECK(Address::ipv6(link_local(), 8888, 2).to_string() == "[fe80::1%2]:8888");
}

TEST_CASE("an address that nobody knows is unspecified and says so") {
    Address const address;
    CHECK(address.family() == AddressFamily::unspecified);
    CHECK(address.to_string() == "unknown");
    sockaddr_storage storage{};
    CHECK(address.to(storage) == 0);
}

TEST_CASE("an address survives the way through a socket address") {
    Address const address =
        GENERATE(Address::ipv4({192, 0, 2, 1}, 1), Address::ipv4({0, 0, 0, 0}, 0),
                 Address::ipv6(link_local(), 65535, 4294967295u), Address::ipv6({}, 256));
    CAPTURE(address.to_string());
    sockaddr_storage storage{};
    std::memset(&storage, 0xff, sizeof storage);
    bool const v6 = address.family() == AddressFamily::ipv6;
    CHECK(address.to(storage) == (v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)));
    CHECK(Address::from(storage) == address);
}

TEST_CASE("a socket address of another family is unspecified") {
    sockaddr_storage storage{};
    storage.ss_family = AF_UNIX;
    CHECK(Address::from(storage) == Address());
    storage.ss_family = AF_UNSPEC;
    CHECK(Address::from(storage) == Address());
}

TEST_CASE("the port of a socket address is in network order") {
    sockaddr_storage storage{};
    static_cast<void>(Address::ipv4({1, 2, 3, 4}, 0x1234).to(storage));
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    CHECK(in.sin_port == htons(0x1234));
    CHECK(in.sin_addr.s_addr == htonl(0x01020304));
}

TEST_CASE("another port makes another address, and nothing else differs") {
    Address const address = Address::ipv6(link_local(), 1, 3);
    CHECK(address.with_port(1) == address);
    CHECK(address.with_port(2) != address);
    CHECK(address.with_port(2) == Address::ipv6(link_local(), 2, 3));
    CHECK(Address::ipv6(link_local(), 1, 4) != address);
    CHECK(Address::ipv4({0, 0, 0, 0}, 0) != Address::ipv6({}, 0));
}
