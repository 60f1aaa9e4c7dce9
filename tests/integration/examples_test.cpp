// The example servers on the kernel: their errors and limits, with our own client.
#include <support/catch.hpp>

#include <cerrno>
#include <string>
#include <string_view>

#include <examples/chargen.hpp>
#include <examples/chat.hpp>
#include <examples/http.hpp>
#include <examples/resp.hpp>
#include <support/test_server.hpp>

using namespace kodama;
using namespace kodama::testing;

namespace {

// What comes back until the server's FIN, after this was said and nothing more.
template <class S> std::string answer_to(TestServer<S>& server, std::string_view question) {
    Client client = server.connect();
    client.send_all(question);
    client.shut_down_sending();
    return client.receive_until_fin();
}

// The same, from a server that has to finish by itself.
template <class S> std::string last_answer_to(TestServer<S>& server, std::string_view question) {
    Client client = server.connect();
    client.send_all(question);
    std::string answer = client.receive_until_fin();
    client.shut_down_sending();
    server.await_nothing_left();
    return answer;
}

} // namespace

TEST_CASE("the RESP server stores, finds and deletes") {
    TestServer<examples::Resp> server{test_options()};
    CHECK(answer_to(server, "SET a 1\r\nGET a\r\nDEL a\r\nDEL a\r\nGET a\r\n") ==
          "+OK\r\n$1\r\n1\r\n:1\r\n:0\r\n$-1\r\n");
    std::string const value(10'000, 'v');
    std::string const bulk = "$10000\r\n" + value + "\r\n";
    CHECK(answer_to(server, "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n" + bulk +
                                "*2\r\n$3\r\nGET\r\n$1\r\nb\r\n") == "+OK\r\n" + bulk);
    server.await_nothing_left();
}

TEST_CASE("the RESP server answers what is no request with an error, and closes") {
    TestServer<examples::Resp> server{test_options()};
    std::string_view const wrong = GENERATE(
        "*x\r\n", "*1\r\n+4\r\n", "*1\r\n$4\r\nPINGxx", "*17\r\n", "*1\r\n$-1\r\n", "*1\n$4\n",
        "*1\r\n$99999999999999999999\r\n", "*11111111111111111111111111111111111");
    INFO(wrong);
    CHECK(last_answer_to(server, "PING\r\n" + std::string(wrong)) ==
          "+PONG\r\n-ERR Protocol error\r\n");
}

TEST_CASE("the RESP server answers too big a request with an error, and closes") {
    TestServer<examples::Resp> server{test_options()};
    CHECK(last_answer_to(server, "*2\r\n$4\r\nECHO\r\n$16384\r\n" + std::string(16'384, 'x')) ==
          "-ERR Protocol error: too big a request\r\n");
    CHECK(last_answer_to(server, "QUIT\r\nPING\r\n") == "+OK\r\n");
}

TEST_CASE("the HTTP server answers what is no request with 400, and closes") {
    TestServer<examples::Http> server{test_options()};
    std::string_view const wrong = GENERATE(
        "nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "\r\n\r\n");
    INFO(wrong);
    std::string const answer = last_answer_to(server, wrong);
    CHECK(answer == "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("the HTTP server refuses what it cannot hold or read, and closes") {
    TestServer<examples::Http> server{test_options()};
    std::string const head = "POST / HTTP/1.1\r\nHost: a\r\n";
    CHECK_THAT(last_answer_to(server, head + "Content-Length: 8192\r\n\r\n"),
               contains_text("413 Content Too Large"));
    CHECK_THAT(last_answer_to(server, head + "Transfer-Encoding: chunked\r\n\r\n"),
               contains_text("501 Not Implemented"));
    CHECK_THAT(last_answer_to(server, head + "X: " + std::string(9'000, 'x')),
               contains_text("431 Request Header Fields Too Large"));
}

TEST_CASE("the HTTP server closes where it was asked to, and by default after HTTP/1.0") {
    TestServer<examples::Http> server{test_options()};
    CHECK_THAT(last_answer_to(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
               contains_text("Hello, world!"));
    CHECK_THAT(last_answer_to(server, "GET / HTTP/1.0\r\n\r\n"), contains_text("Hello, world!"));
}

TEST_CASE("chargen sends the pattern of RFC 864 to whoever reads, and ends at the client's FIN") {
    TestServer<examples::Chargen> server{test_options()};
    Client client = server.connect();
    std::string const text = client.receive_exactly(3 * 95 * 74);
    CHECK(text.substr(0, 74) ==
          " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n");
    CHECK(text.substr(74, 74) ==
          "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n");
    CHECK(text.substr(95 * 74, 95 * 74) == text.substr(0, 95 * 74));
    client.shut_down_sending();
    CHECK(client.discard_until_end() == 0);
    server.await_nothing_left();
}

TEST_CASE("the chat room's visitors hear each other, whichever worker serves them") {
    examples::Room room;
    TestServer<examples::Chat> server{test_options(2), room};
    Client listener = server.connect();
    listener.send_all("listener\n");
    REQUIRE(listener.receive_exactly(14) == "name?\nwelcome\n");
    for (std::string const name : {"Ann", "Bea", "Cleo", "Dora"}) { // on either worker, likely
        Client visitor = server.connect();
        visitor.send_all(name + "\r\n");
        std::string const entrance = name + " enters\n";
        REQUIRE(listener.receive_exactly(entrance.size()) == entrance);
        visitor.send_all("hel");
        visitor.send_all("lo\nbye\n");
        std::string const said = name + ": hello\n" + name + ": bye\n";
        REQUIRE(listener.receive_exactly(said.size()) == said);
        listener.send_all("hi\n");
        REQUIRE(visitor.receive_exactly(27) == "name?\nwelcome\nlistener: hi\n");
        visitor.shut_down_sending();
        REQUIRE(visitor.receive_until_fin().empty()); // nobody hears what it says itself
        std::string const exit = name + " leaves\n";
        REQUIRE(listener.receive_exactly(exit.size()) == exit);
    }
    listener.close();
    server.await_nothing_left();
}

TEST_CASE("a visitor of the chat room who does not read is reset, and the others go on") {
    examples::Room room;
    Options options = test_options(2);
    options.max_pending = 64 * 1024;
    TestServer<examples::Chat> server{options, room};
    Client deaf = server.connect({.receive_buffer = 4096});
    deaf.send_all("deaf\n");
    REQUIRE(deaf.receive_exactly(14) == "name?\nwelcome\n");
    Client speaker = server.connect();
    Client listener = server.connect();
    for (Client* const client : {&speaker, &listener}) {
        client->send_all("a name\n");
        REQUIRE(client->receive_exactly(14) == "name?\nwelcome\n");
    }
    REQUIRE(speaker.receive_exactly(14) == "a name enters\n");
    std::string const line = std::string(900, 'x') + "\n";
    for (bool deaf_is_there = true; deaf_is_there;) {
        speaker.send_all(line);
        std::string beginning = listener.receive_exactly(8);
        if (beginning == "deaf lea") {
            deaf_is_there = false;
            REQUIRE(listener.receive_exactly(4) == "ves\n");
            beginning = listener.receive_exactly(8);
        }
        REQUIRE(beginning == "a name: ");
        REQUIRE(listener.receive_exactly(line.size()) == line);
    }
    CHECK(deaf.discard_until_end() == ECONNRESET);
}
