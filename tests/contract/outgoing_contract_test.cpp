// Connections that the program makes: where their sockets are, and what becomes of them.
#include <cerrno>
#include <string>

#include "ring_fixture.hpp"

using kodama::Address;
using kodama::AddressFamily;
using kodama::Completion;
using kodama::Operation;
using kodama::SendPatience;
using kodama::Slot;
using kodama::Token;
using kodama::testing::RingFixture;

namespace {

constexpr std::uint32_t accept_range = 4;

// Accepts go into the first few places, as a worker has it.
template <class Fixture> void divide_places(Fixture& fixture) {
    if (fixture.direct()) fixture.ring.require_accept_range(accept_range);
}

template <class Fixture> int make_socket(Fixture& fixture, std::uint32_t place) {
    Token const token = fixture.token(Operation::make_socket, place);
    fixture.requests.make_socket(AddressFamily::ipv4, Slot{place}, token);
    int const result = fixture.await(token).result;
    if (!fixture.direct()) return fixture.own(result);
    CHECK(result == 0);
    return static_cast<int>(place);
}

template <class Fixture> int connect(Fixture& fixture, int descriptor, Address const& to) {
    Token const token = fixture.token(Operation::connect);
    fixture.requests.connect(descriptor, to, token);
    return fixture.await(token).result;
}

template <class Fixture> int close(Fixture& fixture, int descriptor) {
    Token const token = fixture.token(Operation::close, static_cast<std::uint32_t>(descriptor));
    fixture.close(descriptor, token);
    return fixture.await(token).result;
}

} // namespace

TEMPLATE_TEST_CASE("a Ring makes a socket where it is told to, connects it, and carries bytes",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    divide_places(fixture);
    fixture.publish(2);
    int const descriptor = make_socket(fixture, 9);
    fixture.ring.set_up_outgoing(descriptor, std::chrono::seconds(30));
    REQUIRE(connect(fixture, descriptor, fixture.listener.address()) == 0);
    auto peer = fixture.listener.accept();
    Token const send = fixture.token(Operation::send);
    fixture.send(descriptor, "there", SendPatience::patient, send);
    CHECK(fixture.await(send).result == 5);
    CHECK(peer.receive(5) == "there");
    peer.send("and back");
    Token const receive = fixture.token(Operation::receive);
    fixture.requests.receive_one(descriptor, fixture.group, receive);
    CHECK(fixture.bytes_of(fixture.await(receive)) == "and back");
    CHECK(close(fixture, descriptor) == 0);
    CHECK(peer.receive_end() == 0);
}

TEMPLATE_TEST_CASE("a Ring tells a connect that nobody listens, and closes the socket",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    divide_places(fixture);
    int const descriptor = make_socket(fixture, 9);
    Address const nobody = fixture.listener.address().with_port(1);
    CHECK(connect(fixture, descriptor, nobody) == -ECONNREFUSED);
    CHECK(close(fixture, descriptor) == 0);
}

TEMPLATE_TEST_CASE("a Ring cancels a connect that nobody answers, and makes the place anew",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    divide_places(fixture);
    fixture.ring.stop_arrivals(fixture.listener.descriptor());
    for (int i = 0; i < 2; ++i) {
        int const descriptor = make_socket(fixture, 9);
        Token const target = fixture.token(Operation::connect);
        fixture.requests.connect(descriptor, fixture.listener.address(), target);
        fixture.turn();
        CHECK_FALSE(fixture.find(target).has_value());
        Token const cancel = fixture.token(Operation::cancel_connect);
        fixture.requests.cancel(target, cancel);
        CHECK(fixture.await(cancel).result == 0);
        CHECK(fixture.await(target).result == -ECANCELED);
        CHECK(close(fixture, descriptor) == 0);
    }
}

// The kernel looks for a free place from the last one on that was given back, also where that is
// out of the range, so the range is filled and emptied around it.
TEMPLATE_TEST_CASE("a Ring accepts into the places of the range only, whatever else comes and goes",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(
        KODAMA_GENERATE_FEATURES_WITH(TestType, kodama::Feature::direct_descriptors));
    if (!fixture.direct()) KODAMA_SKIP("no direct descriptors here");
    divide_places(fixture);
    for (int round = 0; round < 3; ++round) {
        int const outgoing = make_socket(fixture, 9);
        auto first = fixture.connect();
        CHECK(first.descriptor < static_cast<int>(accept_range));
        CHECK(close(fixture, outgoing) == 0);
        auto second = fixture.connect();
        CHECK(second.descriptor < static_cast<int>(accept_range));
        CHECK(second.descriptor != first.descriptor);
        CHECK(close(fixture, first.descriptor) == 0);
        CHECK(close(fixture, second.descriptor) == 0);
    }
}

TEMPLATE_TEST_CASE("a Ring completes nothing with 0", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const token = fixture.token(Operation::close);
    fixture.requests.nothing(token);
    Completion const completion = fixture.await(token);
    CHECK(completion.result == 0);
    CHECK_FALSE(completion.more());
}
