// Listening sockets: what waits in their queue, and how they end.
#include <cerrno>
#include <vector>

#include "ring_fixture.hpp"

using kodama::Address;
using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;
using kodama::testing::RingSizes;

namespace {

template <class Fixture> int close(Fixture& fixture, int descriptor) {
    Token const token = fixture.token(Operation::close);
    fixture.close(descriptor, token);
    return fixture.await(token).result;
}

// With one request for one or for many.
template <class Fixture> void accept(Fixture& fixture, bool many, Token token) {
    if (many && fixture.features.has(Feature::multishot_accept)) {
        fixture.requests.accept_many(fixture.listener.descriptor(), token);
    } else {
        fixture.requests.accept_one(fixture.listener.descriptor(), token);
    }
}

} // namespace

TEMPLATE_TEST_CASE("fault_A1: a Ring without a free descriptor says EMFILE, whether or not "
                   "somebody waits, and whoever does goes on waiting",
                   "[contract]", KODAMA_RINGS) {
    RingSizes const sizes{.ordinary_descriptors = 1};
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), sizes);
    if (fixture.direct()) return; // Then the table is the limit.
    bool const many = GENERATE(false, true);
    auto first = fixture.listener.connect();
    auto second = fixture.listener.connect();
    auto const limit = fixture.world.limit_descriptors(sizes);
    Token const token = fixture.token(Operation::accept);
    accept(fixture, false, token);
    int const descriptor = fixture.await(token).result;
    REQUIRE(descriptor >= 0);
    for (int i = 0; i < 3; ++i) {
        accept(fixture, many, token);
        Completion const completion = fixture.await(token);
        CHECK(completion.result == -EMFILE);
        CHECK_FALSE(completion.more());
    }
    CHECK(second.hears_nothing());
    CHECK(close(fixture, descriptor) == 0);
    accept(fixture, many, token);
    Completion completion = fixture.await(token);
    REQUIRE(completion.result >= 0);
    CHECK(fixture.ring.peer_address(fixture.own(completion.result)) == second.address());
    if (completion.more()) {
        // Linux 6.1 wants a descriptor for the next one at once, 6.12 only when there is one.
        fixture.turn();
        auto const ended = fixture.find(token);
        Token const cancel = fixture.token(Operation::cancel_accept);
        fixture.requests.cancel(token, cancel);
        CHECK(fixture.await(cancel).result == (ended ? -ENOENT : 0));
        completion = ended ? *ended : fixture.await(token);
        CHECK(completion.result == (ended ? -EMFILE : -ECANCELED));
        CHECK_FALSE(completion.more());
    }
    accept(fixture, many, token);
    CHECK(fixture.await(token).result == -EMFILE); // although nobody waits
}

TEMPLATE_TEST_CASE("fault_A2: a Ring drops one connection for each accept into a full table, and "
                   "leaves the others waiting",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.direct_descriptors = 2});
    if (!fixture.direct()) return; // Then the process's descriptors are the limit.
    std::vector<typename RingFixture<TestType>::Peer> peers;
    for (int i = 0; i < 5; ++i)
        peers.push_back(fixture.listener.connect());
    Token const token = fixture.token(Operation::accept);
    std::vector<int> results;
    for (bool armed = false; results.empty() || results.back() >= 0;) {
        if (!armed) accept(fixture, true, token);
        Completion const completion = fixture.await(token);
        results.push_back(completion.result);
        armed = completion.more();
    }
    CHECK(results == std::vector<int>{0, 1, -ENFILE});
    int const end = peers[2].receive_end();
    CHECK((end == 0 || end == ECONNRESET));
    CHECK(peers[3].hears_nothing());
    CHECK(peers[4].hears_nothing());
    CHECK(close(fixture, 1) == 0);
    accept(fixture, false, token);
    CHECK(fixture.await(token).result == 1);
    CHECK(fixture.ring.peer_address(1) == peers[3].address());
}

TEMPLATE_TEST_CASE("fault_A6: a Ring accepts who has left already, and hears what they said",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    enum class How { left, finished, reset };
    How const how = GENERATE(How::left, How::finished, How::reset);
    auto peer = fixture.listener.connect();
    peer.send("in passing");
    if (how == How::left) peer.leave();
    if (how == How::finished) peer.finish();
    if (how == How::reset) peer.reset();
    Token const token = fixture.token(Operation::accept);
    accept(fixture, false, token);
    int const descriptor = fixture.await(token).result;
    REQUIRE(descriptor >= 0);
    fixture.own(descriptor);
    fixture.publish(4);
    Token const receive = fixture.token(Operation::receive);
    fixture.requests.receive_one(descriptor, fixture.group, receive);
    CHECK(fixture.bytes_of(fixture.await(receive)) == "in passing");
    fixture.requests.receive_one(descriptor, fixture.group, receive);
    CHECK(fixture.await(receive).result == (how == How::reset ? -ECONNRESET : 0));
}

TEMPLATE_TEST_CASE("a Ring that closes a listening socket resets whoever waits there", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto accepted = fixture.connect();
    auto waiting = fixture.listener.connect();
    Token const token = fixture.token(Operation::close_listener);
    fixture.requests.close_listener(fixture.listener.release(), token);
    CHECK(fixture.await(token).result == 0);
    CHECK(waiting.receive_end() == ECONNRESET);
    CHECK(accepted.peer.hears_nothing());
    CHECK(close(fixture, accepted.descriptor) == 0);
    CHECK(accepted.peer.receive_end() == 0);
}

TEMPLATE_TEST_CASE("fault_A8: a Ring that accepts on a socket that listens no longer says EINVAL",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const many = GENERATE(false, true);
    bool const armed_before = GENERATE(false, true);
    auto accepted = fixture.connect();
    Token const token = fixture.token(Operation::accept);
    if (armed_before) {
        accept(fixture, many, token);
        fixture.turn();
    } else {
        auto const waiting = fixture.listener.connect();
    }
    fixture.listener.shut_down();
    if (!armed_before) accept(fixture, many, token);
    Completion const completion = fixture.await(token);
    CHECK(completion.result == -EINVAL);
    CHECK_FALSE(completion.more());
    CHECK_THROWS_WITH(fixture.listener.connect(),
                      kodama::testing::contains_text("Connection refused"));
    CHECK(fixture.ring.peer_address(accepted.descriptor) == accepted.peer.address());
}

TEMPLATE_TEST_CASE("a Ring that stops arrivals completes no new connection, and accepts those that "
                   "wait",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto first = fixture.listener.connect();
    auto second = fixture.listener.connect();
    fixture.ring.stop_arrivals(fixture.listener.descriptor());
    CHECK_FALSE(fixture.listener.connects_at_once());
    Token const token = fixture.token(Operation::accept);
    Token const receive = fixture.token(Operation::receive);
    fixture.publish(2);
    for (auto* peer : {&first, &second}) {
        accept(fixture, false, token);
        int const descriptor = fixture.await(token).result;
        REQUIRE(descriptor >= 0);
        CHECK(fixture.ring.peer_address(fixture.own(descriptor)) == peer->address());
        // What had arrived before it was stopped goes on as ever.
        fixture.requests.receive_one(descriptor, fixture.group, receive);
        peer->send("still here");
        CHECK(fixture.bytes_of(fixture.await(receive)) == "still here");
    }
    accept(fixture, false, token);
    fixture.turn();
    CHECK_FALSE(fixture.find(token).has_value());
}
