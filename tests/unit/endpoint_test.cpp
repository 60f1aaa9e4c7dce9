#include <kodama/net/endpoint.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include <kodama/base/error.hpp>
#include <kodama/base/parse.hpp>
#include <support/catch.hpp>

using namespace std::string_view_literals;
using kodama::Address;
using kodama::Endpoint;
using kodama::parse_endpoint;
using kodama::resolve;
using kodama::testing::contains_text;

namespace {

Endpoint parse(std::string_view text) { return parse_endpoint("--listen", text); }

std::vector<std::string> printed(std::vector<Address> const& addresses) {
    std::vector<std::string> texts;
    for (Address const& address : addresses)
        texts.push_back(address.to_string());
    return texts;
}

std::string rejection(std::string_view text) {
    try {
        static_cast<void>(parse(text));
    } catch (kodama::OptionError const& error) {
        return error.what();
    }
    return "accepted";
}

std::string refusal(Endpoint const& endpoint) {
    try {
        static_cast<void>(resolve(endpoint));
    } catch (kodama::SetupError const& error) {
        CHECK(error.kind() == kodama::SetupError::Kind::refused);
        return error.what();
    }
    return "resolved";
}

} // namespace

TEST_CASE("an endpoint is a port, or a host with a port") {
    CHECK(parse("8888") == Endpoint{"localhost", 8888});
    CHECK(parse("localhost:8888") == Endpoint{"localhost", 8888});
    CHECK(parse("127.0.0.1:80") == Endpoint{"127.0.0.1", 80});
    CHECK(parse("[::1]:80") == Endpoint{"::1", 80});
    CHECK(parse("[::]:80") == Endpoint{"::", 80});
    CHECK(parse("[::ffff:1.2.3.4]:80") == Endpoint{"::ffff:1.2.3.4", 80});
    CHECK(parse("[fe80::1%eth0]:80") == Endpoint{"fe80::1%eth0", 80});
    CHECK(parse("*:80") == Endpoint{"*", 80});
    CHECK(parse("echo-1.example.org:80") == Endpoint{"echo-1.example.org", 80});
    CHECK(parse("3com.example:80") == Endpoint{"3com.example", 80});
}

TEST_CASE("an endpoint's port goes from 0 to 65535") {
    CHECK(parse("0").port == 0);
    CHECK(parse("*:65535").port == 65535);
    CHECK(parse("[::1]:00080").port == 80);
    std::string_view const text =
        GENERATE("65536"sv, "*:65536"sv, "localhost:"sv, "localhost:-1"sv, "localhost:+1"sv,
                 "localhost: 1"sv, "localhost:1 "sv, "localhost:0x50"sv, "localhost:http"sv,
                 "localhost:80/"sv, "[::1]:"sv, "[::1]:80x"sv, "99999999999999999999"sv,
                 "localhost:80\n"sv, "localhost:80\0"sv);
    CAPTURE(kodama::quoted(text));
    CHECK_THAT(rejection(text), contains_text("has a port that is not a number from 0 to 65535"));
}

TEST_CASE("an IPv6 address without brackets is told how to be written") {
    CHECK(rejection("::1:80") ==
          "--listen: '::1:80' has an IPv6 address without brackets; write it as [::1]:80");
    CHECK_THAT(rejection("fe80::1%lo:80"), contains_text("write it as [fe80::1%lo]:80"));
    CHECK_THAT(rejection("localhost:1:2"), contains_text("has too many colons; give PORT, "));
    CHECK_THAT(rejection("::"), contains_text("has too many colons"));
    CHECK_THAT(rejection("localhost:80:"), contains_text("has too many colons"));
}

TEST_CASE("a text that is no endpoint is refused with the option, the text and what is allowed") {
    CHECK(rejection("") ==
          "--listen: '' is no endpoint; give PORT, HOST:PORT, [V6]:PORT or *:PORT");
    CHECK_THAT(rejection(":80"), contains_text("has no host; for all addresses write *:PORT"));
    CHECK_THAT(rejection("localhost"), contains_text("has no port"));
    CHECK_THAT(rejection("*"), contains_text("has no port"));
    CHECK_THAT(rejection("-1"), contains_text("has no port"));
    CHECK_THAT(rejection("[::1]"), contains_text("has no port after the bracket"));
    CHECK_THAT(rejection("[::1]80"), contains_text("has no port after the bracket"));
    CHECK_THAT(rejection("[::1"), contains_text("has no closing bracket"));
    try {
        static_cast<void>(parse_endpoint("listen", "nonsense"));
        FAIL("accepted");
    } catch (kodama::OptionError const& error) {
        CHECK_THAT(error.what(), contains_text("listen: 'nonsense' "));
    }
}

TEST_CASE("what stands between brackets must be an IPv6 address") {
    std::string_view const text =
        GENERATE("[]:80"sv, "[127.0.0.1]:80"sv, "[localhost]:80"sv, "[::1%]:80"sv, "[:::]:80"sv,
                 "[[::1]]:80"sv, "[::1 ]:80"sv, "[::1\0junk]:80"sv, "[::1%a/b]:80"sv, "[*]:80"sv);
    CAPTURE(kodama::quoted(text));
    CHECK_THAT(rejection(text), contains_text("has no IPv6 address between the brackets"));
}

TEST_CASE("a host that cannot be one is refused without asking a resolver") {
    std::string_view const text =
        GENERATE(" :80"sv, "a b:80"sv, " localhost:80"sv, "local\0host:80"sv, "a/b:80"sv, "-h:80"sv,
                 "**:80"sv, "*.example.org:80"sv, "user@host:80"sv, "a\nb:80"sv, "$(id):80"sv,
                 "k\xc3\xb6ln.example:80"sv, "::1]:80"sv);
    CAPTURE(kodama::quoted(text));
    std::string const message = rejection(text);
    CHECK_THAT(message, contains_text("--listen: "));
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find('\0') == std::string::npos);
}

TEST_CASE("a host of digits and dots must be an IPv4 address in four parts") {
    std::string_view const text =
        GENERATE("256.1.1.1:80"sv, "127.1:80"sv, "1:80"sv, "1.2.3.4.5:80"sv, ".:80"sv, "0:80"sv,
                 "1.2.3.4.:80"sv, "1..2.3:80"sv, "0177.0.0.1:80"sv);
    CAPTURE(text);
    CHECK_THAT(rejection(text), contains_text("has a host that is not an IPv4 address"));
}

TEST_CASE("a host name has at most 253 characters") {
    CHECK(parse(std::string(253, 'a') + ":1").host.size() == 253);
    CHECK_THAT(rejection(std::string(254, 'a') + ":1"), contains_text("more than 253 characters"));
    CHECK_THAT(rejection(std::string(1'000'000, 'a') + ":1"), contains_text("more than 253"));
}

TEST_CASE("an endpoint prints as it is written") {
    std::string_view const text =
        GENERATE("localhost:8888"sv, "[::1]:80"sv, "*:0"sv, "[fe80::1%2]:65535"sv, "1.2.3.4:5"sv);
    CHECK(parse(text).to_string() == text);
}

TEST_CASE("localhost is both loopback addresses, whatever the resolver says") {
    std::vector<std::string> const both{"127.0.0.1:80", "[::1]:80"};
    CHECK(printed(resolve({"localhost", 80})) == both);
    CHECK(printed(resolve({"LocalHost", 80})) == both);
}

TEST_CASE("a star is all addresses of both families") {
    CHECK(printed(resolve({"*", 7})) == std::vector<std::string>{"0.0.0.0:7", "[::]:7"});
}

TEST_CASE("an address is itself") {
    CHECK(printed(resolve({"192.0.2.1", 7})) == std::vector<std::string>{"192.0.2.1:7"});
    CHECK(printed(resolve({"2001:db8::1", 7})) == std::vector<std::string>{"[2001:db8::1]:7"});
    CHECK(printed(resolve({"fe80::1%1", 7})) == std::vector<std::string>{"[fe80::1%1]:7"});
    CHECK(printed(resolve({"fe80::1%lo", 7})) == std::vector<std::string>{"[fe80::1%1]:7"});
}

TEST_CASE("a name that has no address is refused with the name and a reason") {
    // RFC 6761: nobody answers for "invalid".
    std::string const message = refusal({"nobody.invalid", 80});
    CHECK_THAT(message, contains_text("cannot find the address of 'nobody.invalid': "));
    CHECK(message.find('\n') == std::string::npos);
    CHECK_THAT(refusal({"fe80::1%nosuchinterface", 80}),
               contains_text("cannot find the address of 'fe80::1%nosuchinterface': "));
    CHECK_THAT(refusal({"", 80}), contains_text("cannot find the address of ''"));
}
