// Accepting, closing and reusing places.
#include <cerrno>
#include <set>
#include <vector>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;

TEMPLATE_TEST_CASE("a Ring accepts many connections with one multishot accept, and stays armed",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(
        KODAMA_GENERATE_FEATURES_WITH(TestType, Feature::multishot_accept));
    if (!fixture.features.has(Feature::multishot_accept)) KODAMA_SKIP("no multishot accept here");
    Token const accept = fixture.token(Operation::accept);
    fixture.requests.accept_many(fixture.listener.descriptor(), accept);
    std::set<int> descriptors;
    std::vector<typename RingFixture<TestType>::Peer> peers;
    for (int i = 0; i < 5; ++i) {
        peers.push_back(fixture.listener.connect());
        if (i == 2) fixture.turn(); // Some come together, some alone.
    }
    for (int i = 0; i < 5; ++i) {
        Completion const completion = fixture.await(accept);
        REQUIRE(completion.result >= 0);
        CHECK(completion.more());
        CHECK(descriptors.insert(fixture.own(completion.result)).second);
    }
    Token const cancel = fixture.token(Operation::cancel_accept);
    fixture.requests.cancel(accept, cancel);
    CHECK(fixture.await(cancel).result >= 0);
    Completion const last = fixture.await(accept);
    CHECK(last.result == -ECANCELED);
    CHECK_FALSE(last.more());
}

TEMPLATE_TEST_CASE("a Ring accepts exactly one connection with a single accept", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto first = fixture.listener.connect();
    auto second = fixture.listener.connect();
    Token const accept = fixture.token(Operation::accept);
    for (int i = 0; i < 2; ++i) {
        fixture.requests.accept_one(fixture.listener.descriptor(), accept);
        Completion const completion = fixture.await(accept);
        REQUIRE(completion.result >= 0);
        fixture.own(completion.result);
        CHECK_FALSE(completion.more());
        fixture.turn();
        CHECK_FALSE(fixture.find(accept).has_value());
    }
}

TEMPLATE_TEST_CASE("a Ring accepts a connection that comes after the accept", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const accept = fixture.token(Operation::accept);
    fixture.requests.accept_one(fixture.listener.descriptor(), accept);
    fixture.turn();
    CHECK_FALSE(fixture.find(accept).has_value());
    auto peer = fixture.listener.connect();
    Completion const completion = fixture.await(accept);
    REQUIRE(completion.result >= 0);
    fixture.own(completion.result);
}

TEMPLATE_TEST_CASE("a Ring answers ENFILE when its table of direct descriptors is full, and drops "
                   "the connection",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.direct_descriptors = 2});
    if (!fixture.direct()) return; // Then the limit is the process's.
    bool const many = GENERATE(false, true) && fixture.features.has(Feature::multishot_accept);
    auto const first = fixture.connect();
    auto const second = fixture.connect();
    CHECK(first.descriptor != second.descriptor);
    CHECK(std::set<int>{first.descriptor, second.descriptor} == std::set<int>{0, 1});
    auto dropped = fixture.listener.connect();
    Token const accept = fixture.token(Operation::accept);
    if (many) {
        fixture.requests.accept_many(fixture.listener.descriptor(), accept);
    } else {
        fixture.requests.accept_one(fixture.listener.descriptor(), accept);
    }
    Completion const completion = fixture.await(accept);
    CHECK(completion.result == -ENFILE);
    CHECK_FALSE(completion.more());
    int const end = dropped.receive_end();
    CHECK((end == 0 || end == ECONNRESET));
}

TEMPLATE_TEST_CASE("a Ring uses a place again once its connection is closed", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.direct_descriptors = 1});
    Token const close = fixture.token(Operation::close);
    for (int i = 0; i < 10; ++i) {
        auto connected = fixture.connect();
        if (fixture.direct()) CHECK(connected.descriptor == 0);
        fixture.close(connected.descriptor, close);
        CHECK(fixture.await(close).result == 0);
        CHECK(connected.peer.receive_end() == 0);
    }
}

TEMPLATE_TEST_CASE("a Ring sends a FIN at once when a connection is closed, although another has a "
                   "receive armed",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto idle = fixture.connect();
    auto closed = fixture.connect();
    fixture.publish(2);
    Token const receive = fixture.token(Operation::receive);
    Token const close = fixture.token(Operation::close);
    fixture.requests.receive_many(idle.descriptor, fixture.group, receive);
    fixture.turn();
    fixture.close(closed.descriptor, close);
    CHECK(fixture.await(close).result == 0);
    // Nothing enters the ring here: the FIN must be under way already.
    CHECK(closed.peer.receive_end() == 0);
    CHECK(idle.peer.hears_nothing());
    fixture.turn();
    CHECK_FALSE(fixture.find(receive).has_value());
}

TEMPLATE_TEST_CASE("a Ring closes a listening socket, and nobody can connect to it any more",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const close = fixture.token(Operation::close_listener);
    fixture.requests.close_listener(fixture.listener.release(), close);
    CHECK(fixture.await(close).result == 0);
    CHECK_THROWS_WITH(fixture.listener.connect(),
                      kodama::testing::contains_text("Connection refused"));
}

TEMPLATE_TEST_CASE("a Ring that accepts on a socket that is none says that it is unusable",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const accept = fixture.token(Operation::accept);
    fixture.requests.accept_one(fixture.ring.wake_descriptor(), accept);
    CHECK(fixture.await(accept).result == -ENOTSOCK);
}

TEMPLATE_TEST_CASE("a Ring knows the peer's address", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto first = fixture.connect();
    auto second = fixture.connect();
    CHECK(fixture.ring.peer_address(first.descriptor) == first.peer.address());
    CHECK(fixture.ring.peer_address(second.descriptor) == second.peer.address());
    CHECK(fixture.ring.peer_address(first.descriptor) == first.peer.address());
}

TEMPLATE_TEST_CASE("a Ring that is asked for an address loses nothing of what is queued",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.entries = 4});
    std::vector<typename RingFixture<TestType>::Connected> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(fixture.connect());
    for (std::uint32_t i = 0; i < 3; ++i) {
        Token const send = fixture.token(Operation::send, i);
        fixture.send(all[i].descriptor, "queued", kodama::SendPatience::none, send);
        CHECK(fixture.ring.peer_address(all[i].descriptor) == all[i].peer.address());
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
        CHECK(fixture.await(fixture.token(Operation::send, i)).result == 6);
        CHECK(all[i].peer.receive(6) == "queued");
    }
}

TEMPLATE_TEST_CASE("a Ring does not know the address of a peer that has gone", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(1);
    connected.peer.reset();
    Token const receive = fixture.token(Operation::receive);
    fixture.requests.receive_one(connected.descriptor, fixture.group, receive);
    CHECK(fixture.await(receive).result == -ECONNRESET);
    CHECK(fixture.ring.peer_address(connected.descriptor) == kodama::Address());
}
