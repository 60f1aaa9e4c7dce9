// How connections end: by whom, in which order, and who is told what.
#include <cerrno>
#include <string>

#include "ring_fixture.hpp"

using kodama::Address;
using kodama::Completion;
using kodama::Operation;
using kodama::SendPatience;
using kodama::Token;
using kodama::testing::RingFixture;

namespace {

template <class Fixture> int shut_down(Fixture& fixture, int descriptor) {
    Token const token = fixture.token(Operation::shut_down);
    fixture.requests.shut_down(descriptor, token);
    return fixture.await(token).result;
}

template <class Fixture> int send(Fixture& fixture, int descriptor, std::string_view text) {
    Token const token = fixture.token(Operation::send);
    fixture.send(descriptor, text, SendPatience::none, token);
    return fixture.await(token).result;
}

// What a send is told in the end by a connection that the peer has ended: the kernel may take some
// bytes before it hears of that.
template <class Fixture> int send_in_vain(Fixture& fixture, int descriptor) {
    int result = 0;
    fixture.turn_until("a send fails", [&] {
        result = send(fixture, descriptor, "x");
        return result < 0;
    });
    return result;
}

template <class Fixture> int receive(Fixture& fixture, int descriptor) {
    Token const token = fixture.token(Operation::receive);
    fixture.requests.receive_one(descriptor, fixture.group, token);
    Completion const completion = fixture.await(token);
    fixture.bytes_of(completion);
    fixture.publish(fixture.pool.free_count());
    return completion.result;
}

template <class Fixture> int close(Fixture& fixture, int descriptor) {
    Token const token = fixture.token(Operation::close);
    fixture.close(descriptor, token);
    return fixture.await(token).result;
}

} // namespace

// Unchecked, because the library never sends after its FIN.
TEMPLATE_TEST_CASE("a Ring fails a send after the FIN with EPIPE, and receives all the same",
                   "[contract]", KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    fixture.publish(2);
    CHECK(shut_down(fixture, connected.descriptor) == 0);
    CHECK(send(fixture, connected.descriptor, "late") == -EPIPE);
    CHECK(send(fixture, connected.descriptor, "later") == -EPIPE);
    connected.peer.send("heard");
    CHECK(receive(fixture, connected.descriptor) == 5);
    CHECK(connected.peer.receive(1).empty());
}

TEMPLATE_TEST_CASE("a Ring takes a second FIN for the first, until the peer has finished too",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    CHECK(shut_down(fixture, connected.descriptor) == 0);
    CHECK(shut_down(fixture, connected.descriptor) == 0);
    CHECK(fixture.ring.peer_address(connected.descriptor) == connected.peer.address());
    connected.peer.finish();
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(shut_down(fixture, connected.descriptor) == -ENOTCONN);
    CHECK(fixture.ring.peer_address(connected.descriptor) == Address());
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(connected.peer.receive_end() == 0);
}

TEMPLATE_TEST_CASE("a Ring knows the address of a peer that has finished", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    connected.peer.finish();
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(fixture.ring.peer_address(connected.descriptor) == connected.peer.address());
    CHECK(send(fixture, connected.descriptor, "goodbye") == 7);
    CHECK(connected.peer.receive(7) == "goodbye");
    CHECK(shut_down(fixture, connected.descriptor) == 0);
    CHECK(connected.peer.receive_end() == 0);
    fixture.turn_until("nobody is there any more", [&] {
        return fixture.ring.peer_address(connected.descriptor) == Address();
    });
}

TEMPLATE_TEST_CASE("a Ring that closes a connection lets the peer have what was sent, then the FIN",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const finished_before = GENERATE(false, true);
    auto connected = fixture.connect();
    std::size_t const filled = fixture.fill(connected.descriptor);
    if (finished_before) CHECK(shut_down(fixture, connected.descriptor) == 0);
    CHECK(close(fixture, connected.descriptor) == 0);
    // Nothing enters the ring here.
    CHECK(connected.peer.receive(filled + 1).size() == filled);
    CHECK(connected.peer.receive_end() == 0);
}

TEMPLATE_TEST_CASE("a Ring that closes a connection with unread input resets the peer",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(1);
    connected.peer.send(std::string(100, 'u'));
    CHECK(receive(fixture, connected.descriptor) == 64); // The rest is there.
    bool const finished = GENERATE(false, true);
    if (finished) connected.peer.finish(); // That makes no difference.
    CHECK(close(fixture, connected.descriptor) == 0);
    CHECK(connected.peer.receive_end() == ECONNRESET);
}

TEMPLATE_TEST_CASE("a Ring that has closed a connection resets a peer that goes on sending",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    CHECK(close(fixture, connected.descriptor) == 0);
    CHECK(connected.peer.receive_end() == 0);
    auto const write = [&] { connected.peer.send("x"); };
    CHECK_THROWS((write(), write(), write()));
}

TEMPLATE_TEST_CASE("a Ring is reset by a peer that leaves without reading what was sent",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const armed_before = GENERATE(false, true);
    auto connected = fixture.connect();
    fixture.publish(2);
    CHECK(send(fixture, connected.descriptor, "unread") == 6);
    Token const token = fixture.token(Operation::receive);
    if (armed_before) {
        fixture.receive(connected.descriptor, token);
        fixture.turn();
    }
    connected.peer.leave();
    if (!armed_before) fixture.receive(connected.descriptor, token);
    CHECK(fixture.await(token).result == -ECONNRESET);
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(send(fixture, connected.descriptor, "x") == -EPIPE);
    CHECK(shut_down(fixture, connected.descriptor) == -ENOTCONN);
}

TEMPLATE_TEST_CASE("a Ring notices by what it sends that the peer has left, and calls that EPIPE",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(4);
    connected.peer.leave();
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(send(fixture, connected.descriptor, "x") == 1);
    CHECK(send_in_vain(fixture, connected.descriptor) == -EPIPE);
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(shut_down(fixture, connected.descriptor) == -ENOTCONN);
    CHECK(fixture.ring.peer_address(connected.descriptor) == Address());
}

TEMPLATE_TEST_CASE("a Ring tells the FIN of a peer that has reset the connection after it",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(4);
    connected.peer.send_and_finish("last words");
    connected.peer.reset();
    CHECK(receive(fixture, connected.descriptor) == 10);
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(send_in_vain(fixture, connected.descriptor) == -EPIPE);
    CHECK(receive(fixture, connected.descriptor) == 0);
}

TEMPLATE_TEST_CASE("a Ring gives what arrived before a reset, then tells the reset, once",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const by_send = GENERATE(false, true);
    auto connected = fixture.connect();
    fixture.publish(4);
    connected.peer.send("before");
    connected.peer.reset();
    CHECK(receive(fixture, connected.descriptor) == 6);
    if (by_send) {
        CHECK(send_in_vain(fixture, connected.descriptor) == -ECONNRESET);
    } else {
        CHECK(receive(fixture, connected.descriptor) == -ECONNRESET);
    }
    CHECK(receive(fixture, connected.descriptor) == 0);
    CHECK(shut_down(fixture, connected.descriptor) == -ENOTCONN);
}

TEMPLATE_TEST_CASE("a Ring ends a receive that is armed on a connection that it resets",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(4);
    Token const token = fixture.token(Operation::receive);
    fixture.receive(connected.descriptor, token);
    fixture.turn();
    Token const reset = fixture.token(Operation::reset);
    fixture.requests.reset(connected.descriptor, reset);
    CHECK(fixture.await(reset).result == 0);
    Completion const completion = fixture.await(token);
    CHECK(completion.result == -ECONNRESET);
    CHECK_FALSE(completion.more());
    CHECK_FALSE(completion.buffer().has_value());
    CHECK(receive(fixture, connected.descriptor) == -ENOTCONN);
    CHECK(shut_down(fixture, connected.descriptor) == -ENOTCONN);
    CHECK(fixture.ring.peer_address(connected.descriptor) == Address());
    fixture.requests.reset(connected.descriptor, reset);
    CHECK(fixture.await(reset).result == 0);
    CHECK(close(fixture, connected.descriptor) == 0);
}
