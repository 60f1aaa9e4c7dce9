// Sending, finishing and resetting.
#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Operation;
using kodama::Requests;
using kodama::SendPatience;
using kodama::Token;
using kodama::testing::RingFixture;

TEMPLATE_TEST_CASE("a Ring shows what it sent at once when entries are submitted without waiting",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    Token const token = fixture.token(Operation::send);
    CHECK(fixture.send(connected.descriptor, "hello", SendPatience::none, token) == 5);
    fixture.ring.submit();
    fixture.look();
    auto const completion = fixture.find(token);
    REQUIRE(completion.has_value());
    CHECK(completion->result == 5);
    CHECK_FALSE(completion->more());
    CHECK(connected.peer.receive(5) == "hello");
}

TEMPLATE_TEST_CASE(
    "fault_S1: a Ring cuts a send without patience short when the peer does not read", "[contract]",
    KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    std::string const text(64 << 20, 'x');
    Token const token = fixture.token(Operation::send);
    bool cut = false;
    for (int i = 0; i < 1000 && !cut; ++i) {
        fixture.send(connected.descriptor, text, SendPatience::none, token);
        fixture.turn(); // In the same call: it does not wait.
        auto const completion = fixture.find(token);
        REQUIRE(completion.has_value());
        cut = completion->result == -EAGAIN;
        if (!cut) REQUIRE(completion->result > 0);
        CHECK(completion->result < static_cast<int>(text.size()));
    }
    CHECK(cut);
}

TEMPLATE_TEST_CASE("a Ring lets a patient send wait until the peer reads", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    std::size_t const filled = fixture.fill(connected.descriptor);
    Token const token = fixture.token(Operation::send);
    fixture.send(connected.descriptor, "patience", SendPatience::patient, token);
    fixture.turn();
    CHECK_FALSE(fixture.find(token).has_value());
    std::string got;
    std::optional<Completion> completion;
    fixture.turn_until("the patient send completes", [&] {
        got += connected.peer.receive_arrived();
        completion = fixture.find(token);
        return completion.has_value();
    });
    REQUIRE(completion->result == 8);
    fixture.turn_until("the peer has it all", [&] {
        got += connected.peer.receive_arrived();
        return got.size() >= filled + 8;
    });
    CHECK(got == std::string(filled, 'f') + "patience");
}

TEMPLATE_TEST_CASE("a Ring ends a send that waits when it is cancelled", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.fill(connected.descriptor);
    Token const token = fixture.token(Operation::send);
    Token const cancel = fixture.token(Operation::cancel_send);
    fixture.send(connected.descriptor, "never", SendPatience::patient, token);
    fixture.turn();
    fixture.requests.cancel(token, cancel);
    CHECK(fixture.await(cancel).result >= 0);
    CHECK(fixture.await(token).result == -ECANCELED);
}

TEMPLATE_TEST_CASE("a Ring sends pieces of memory in order", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    std::size_t const count = GENERATE(as<std::size_t>(), 1, 2, 63, Requests::vectors_max);
    std::vector<std::string> texts;
    std::string expected;
    for (std::size_t i = 0; i < count; ++i) {
        texts.push_back(std::to_string(i) + ";");
        expected += texts.back();
    }
    Token const token = fixture.token(Operation::send);
    {
        std::vector<iovec> vectors; // need not stay, the memory must
        for (std::string const& text : texts)
            vectors.push_back(fixture.piece(text));
        CHECK(fixture.requests.send(connected.descriptor, vectors, SendPatience::none, token) ==
              expected.size());
        vectors.assign(count, iovec{});
    }
    CHECK(fixture.await(token).result == static_cast<int>(expected.size()));
    CHECK(connected.peer.receive(expected.size()) == expected);
}

TEMPLATE_TEST_CASE("a Ring takes more sends of several pieces in one turn than there is room for "
                   "their arguments",
                   "[contract]", KODAMA_RINGS) {
    constexpr std::uint32_t count = 100;
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType),
                                  {.entries = 256, .direct_descriptors = count});
    std::vector<typename RingFixture<TestType>::Connected> all;
    std::vector<std::string> numbers;
    for (std::uint32_t i = 0; i < count; ++i) {
        all.push_back(fixture.connect()); // One for each, for each has one send in flight at most.
        numbers.push_back(std::to_string(i));
    }
    std::string const comma = ",";
    for (std::uint32_t i = 0; i < count; ++i) {
        std::array const vectors{fixture.piece(numbers[i]), fixture.piece(comma)};
        std::size_t const covered = fixture.requests.send(
            all[i].descriptor, vectors, SendPatience::none, fixture.token(Operation::send, i));
        CHECK(covered == numbers[i].size() + 1);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        std::size_t const size = numbers[i].size() + 1;
        CHECK(fixture.await(fixture.token(Operation::send, i)).result == static_cast<int>(size));
        CHECK(all[i].peer.receive(size) == numbers[i] + comma);
    }
}

TEMPLATE_TEST_CASE("a Ring fails a send to a peer that has reset the connection", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    connected.peer.reset();
    Token const token = fixture.token(Operation::send);
    fixture.send(connected.descriptor, "x", SendPatience::none, token);
    int const result = fixture.await(token).result;
    CHECK((result == -EPIPE || result == -ECONNRESET)); // and no signal
}

TEMPLATE_TEST_CASE("a Ring sends a FIN after the data, while the receive stays armed", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(4);
    Token const receive = fixture.token(Operation::receive);
    Token const send = fixture.token(Operation::send);
    Token const shut_down = fixture.token(Operation::shut_down);
    fixture.requests.receive_one(connected.descriptor, fixture.group, receive);
    fixture.turn();
    fixture.send(connected.descriptor, "bye", SendPatience::none, send);
    CHECK(fixture.await(send).result == 3);
    fixture.requests.shut_down(connected.descriptor, shut_down);
    CHECK(fixture.await(shut_down).result == 0);
    CHECK(connected.peer.receive(100) == "bye");
    CHECK_FALSE(fixture.find(receive).has_value());
    connected.peer.send("I heard");
    CHECK(fixture.bytes_of(fixture.await(receive)) == "I heard");
}

namespace {

enum class Around { nothing, unread, unsent, both, after_fin };

template <class Fixture, class Connected>
void put_around(Fixture& fixture, Connected& connected, Around around) {
    if (around == Around::unread || around == Around::both) connected.peer.send("never read");
    if (around == Around::unsent || around == Around::both) fixture.fill(connected.descriptor);
    if (around == Around::after_fin) {
        Token const shut_down = fixture.token(Operation::shut_down);
        fixture.requests.shut_down(connected.descriptor, shut_down);
        CHECK(fixture.await(shut_down).result == 0);
    }
}

} // namespace

TEMPLATE_TEST_CASE("a Ring resets a connection, whatever is unread or unsent, and the peer sees it",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Around const around = GENERATE(Around::nothing, Around::unread, Around::unsent, Around::both);
    auto connected = fixture.connect();
    put_around(fixture, connected, around);
    Token const reset = fixture.token(Operation::reset);
    fixture.requests.reset(connected.descriptor, reset);
    CHECK(fixture.await(reset).result == 0);
    CHECK(connected.peer.receive_end() == ECONNRESET);
    Token const close = fixture.token(Operation::close);
    fixture.close(connected.descriptor, close);
    CHECK(fixture.await(close).result == 0);
}

TEMPLATE_TEST_CASE("a Ring resets a connection that has sent its FIN already", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    put_around(fixture, connected, Around::after_fin);
    CHECK(connected.peer.receive_end() == 0);
    Token const reset = fixture.token(Operation::reset);
    fixture.requests.reset(connected.descriptor, reset);
    CHECK(fixture.await(reset).result == 0);
    // The peer has had its FIN, so only what it sends shows that the connection is gone.
    auto const write = [&] { connected.peer.send("x"); };
    CHECK_THROWS((write(), write(), write()));
}

TEMPLATE_TEST_CASE("a Ring ends what is in flight on a connection that it resets", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    fixture.fill(connected.descriptor);
    Token const receive = fixture.token(Operation::receive);
    Token const send = fixture.token(Operation::send);
    fixture.requests.receive_one(connected.descriptor, fixture.group, receive);
    fixture.send(connected.descriptor, "stuck", SendPatience::patient, send);
    fixture.turn();
    Token const reset = fixture.token(Operation::reset);
    Token const cancel_receive = fixture.token(Operation::cancel_receive);
    Token const cancel_send = fixture.token(Operation::cancel_send);
    fixture.requests.reset(connected.descriptor, reset);
    fixture.requests.cancel(receive, cancel_receive);
    fixture.requests.cancel(send, cancel_send);
    CHECK(fixture.await(reset).result == 0);
    fixture.await(cancel_receive);
    fixture.await(cancel_send);
    CHECK(fixture.await(receive).result <= 0);
    CHECK(fixture.await(send).result < 0);
    CHECK(connected.peer.receive_end() == ECONNRESET);
}
