// Sends that complete only where they fail.
#include <array>
#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::SendPatience;
using kodama::Token;
using kodama::testing::RingFixture;

#define KODAMA_GENERATE_SILENT(RING) KODAMA_GENERATE_FEATURES_WITH(RING, Feature::silent_sends)

namespace {

template <class Fixture> bool has_silent_sends(Fixture const& fixture) {
    return fixture.features.has(Feature::silent_sends);
}

// Connections whose peers are gone, but for every third, which is answered.
template <class Fixture> struct Mixed {
    using Connected = typename Fixture::Connected;

    Mixed(Fixture& fixture, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            all.push_back(fixture.connect());
        for (std::uint32_t i = 0; i < count; ++i) {
            if (!is_there(i)) all[i].peer.reset();
        }
    }

    [[nodiscard]] static bool is_there(std::uint32_t i) { return i % 3 == 0; }

    // Those whose send has failed must be all that are gone, and each of these once.
    void check(std::vector<Completion> const& seen) {
        std::set<std::uint32_t> failed;
        for (Completion const& completion : seen) {
            Token const token = Token::from_user_data(completion.user_data);
            CHECK((completion.result == -EPIPE || completion.result == -ECONNRESET));
            CHECK(failed.insert(kodama::index_of(token.slot())).second);
        }
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            CHECK(failed.count(i) == (is_there(i) ? 0 : 1));
            if (is_there(i)) CHECK(all[i].peer.receive(5) == "hello");
        }
    }

    std::vector<Connected> all;
};

} // namespace

TEMPLATE_TEST_CASE("a Ring says nothing of a silent send that takes all", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_SILENT(TestType));
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    auto connected = fixture.connect();
    std::string const text = "once, ";
    std::string const more = "and again";
    std::string expected;
    for (int i = 0; i < 5; ++i) {
        Token const token = fixture.token(Operation::send);
        bool const pieces = i % 2 == 1;
        if (pieces) {
            std::array const vectors{fixture.piece(text), fixture.piece(more)};
            CHECK(fixture.requests.send(connected.descriptor, vectors, SendPatience::silent,
                                        token) == text.size() + more.size());
        } else {
            CHECK(fixture.send(connected.descriptor, text, SendPatience::silent, token) ==
                  text.size());
        }
        expected += pieces ? text + more : text;
        CHECK_FALSE(fixture.ring.caught_up());
        i < 3 ? fixture.ring.submit() : fixture.ring.enter(0, fixture.ring.now());
        CHECK(fixture.ring.caught_up());
        fixture.look();
        CHECK_FALSE(fixture.find(token).has_value());
    }
    CHECK(connected.peer.receive(expected.size()) == expected);
    fixture.turn();
    CHECK_FALSE(fixture.find(fixture.token(Operation::send)).has_value());
}

TEMPLATE_TEST_CASE("fault_S1: a Ring tells of a silent send that is cut short before the call "
                   "returns that submits it, and how much it took",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_SILENT(TestType));
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    bool const in_pieces = GENERATE(false, true);
    auto connected = fixture.connect();
    std::string const text(32 << 20, 'x');
    Token const token = fixture.token(Operation::send);
    std::size_t taken = 0;
    bool full = false;
    for (int i = 0; i < 1000 && !full; ++i) {
        std::array const vectors{fixture.piece(text), fixture.piece(text)};
        fixture.requests.send(connected.descriptor, std::span(vectors).first(in_pieces ? 2 : 1),
                              SendPatience::silent, token);
        fixture.ring.submit();
        CHECK(fixture.ring.caught_up());
        fixture.look();
        auto const completion = fixture.find(token);
        REQUIRE(completion.has_value());
        full = completion->result == -EAGAIN;
        if (full) break;
        REQUIRE(completion->result > 0);
        taken += static_cast<std::size_t>(completion->result);
    }
    REQUIRE(full);
    CHECK(connected.peer.receive(taken) == std::string(taken, 'x'));
    CHECK(connected.peer.hears_nothing());
}

TEMPLATE_TEST_CASE("a Ring that waits does not wait any longer when a silent send fails",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_SILENT(TestType));
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    auto connected = fixture.connect();
    fixture.fill(connected.descriptor);
    Token const token = fixture.token(Operation::send);
    fixture.send(connected.descriptor, "too much", SendPatience::silent, token);
    fixture.ring.enter(1, fixture.ring.now() + kodama::testing::patience);
    fixture.look();
    auto const completion = fixture.find(token);
    REQUIRE(completion.has_value());
    CHECK(completion->result == -EAGAIN);
}

TEMPLATE_TEST_CASE("a Ring tells of silent sends that fail although its submission queue was full "
                   "in between",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_SILENT(TestType), {.entries = 4});
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    constexpr std::uint32_t count = 30;
    Mixed<Fixture> mixed(fixture, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        fixture.send(mixed.all[i].descriptor, "hello", SendPatience::silent,
                     fixture.token(Operation::send, i));
    }
    fixture.ring.enter(0, fixture.ring.now());
    REQUIRE(fixture.ring.caught_up());
    std::vector<Completion> seen;
    fixture.ring.visit([&](Completion const& completion) { seen.push_back(completion); });
    mixed.check(seen);
}

TEMPLATE_TEST_CASE("fault_Q3: a Ring says that it has more to tell while failures of silent sends "
                   "overflow",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_SILENT(TestType), {.entries = 4, .completions = 4});
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    constexpr std::uint32_t count = 30;
    Mixed<Fixture> mixed(fixture, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        fixture.send(mixed.all[i].descriptor, "hello", SendPatience::silent,
                     fixture.token(Operation::send, i));
    }
    std::vector<Completion> seen;
    auto const deadline = fixture.ring.now() + kodama::testing::patience;
    bool caught_up = false;
    int visits = 0;
    for (; !caught_up && fixture.ring.now() < deadline; ++visits) {
        fixture.ring.enter(0, fixture.ring.now());
        caught_up = fixture.ring.caught_up();
        fixture.ring.visit([&](Completion const& completion) { seen.push_back(completion); });
    }
    CHECK(visits > 1);
    REQUIRE(caught_up);
    mixed.check(seen);
}

TEMPLATE_TEST_CASE("a Ring carries out silent sends in the order of their entries", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_SILENT(TestType));
    if (!has_silent_sends(fixture)) KODAMA_SKIP("no silent sends here");
    auto connected = fixture.connect();
    Token const reset = fixture.token(Operation::reset);
    fixture.send(connected.descriptor, "last words", SendPatience::silent,
                 fixture.token(Operation::send));
    fixture.requests.reset(connected.descriptor, reset);
    CHECK(fixture.await(reset).result == 0);
    CHECK_FALSE(fixture.find(fixture.token(Operation::send)).has_value());
    CHECK(connected.peer.receive_end() == ECONNRESET);
}
