// Receiving: data, ends, and running out of buffers.
#include <cerrno>
#include <string>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;

TEMPLATE_TEST_CASE("a Ring receives again and again with one multishot receive, each time into a "
                   "buffer",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(
        KODAMA_GENERATE_FEATURES_WITH(TestType, Feature::multishot_receive));
    if (!fixture.features.has(Feature::multishot_receive)) KODAMA_SKIP("no multishot receive here");
    auto connected = fixture.connect();
    fixture.publish(8);
    Token const token = fixture.token(Operation::receive);
    fixture.requests.receive_many(connected.descriptor, fixture.group, token);
    for (std::string const text : {"first", "second", "third"}) {
        connected.peer.send(text);
        Completion const completion = fixture.await(token);
        CHECK(completion.result == static_cast<int>(text.size()));
        CHECK(completion.more());
        CHECK(completion.buffer().has_value());
        CHECK(fixture.bytes_of(completion) == text);
    }
}

TEMPLATE_TEST_CASE("a Ring splits what is larger than a buffer, in order", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(8);
    std::string text(200, '\0');
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>(i);
    connected.peer.send(text);
    Token const token = fixture.token(Operation::receive);
    std::string got;
    for (bool armed = false; got.size() < text.size();) {
        if (!armed) fixture.receive(connected.descriptor, token);
        Completion const completion = fixture.await(token);
        REQUIRE(completion.result > 0);
        CHECK(completion.result <= 64);
        armed = completion.more();
        got += fixture.bytes_of(completion);
    }
    CHECK(got == text);
}

TEMPLATE_TEST_CASE("a Ring ends a receive of one message with its first data", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    Token const token = fixture.token(Operation::receive);
    fixture.requests.receive_one(connected.descriptor, fixture.group, token);
    fixture.turn();
    CHECK_FALSE(fixture.find(token).has_value());
    connected.peer.send("one");
    Completion const completion = fixture.await(token);
    CHECK_FALSE(completion.more());
    CHECK(fixture.bytes_of(completion) == "one");
}

TEMPLATE_TEST_CASE("a Ring without buffers ends a receive with ENOBUFS and keeps the data for the "
                   "next one",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    connected.peer.send("kept");
    Token const token = fixture.token(Operation::receive);
    fixture.receive(connected.descriptor, token);
    Completion const starved = fixture.await(token);
    CHECK(starved.result == -ENOBUFS);
    CHECK_FALSE(starved.more());
    CHECK_FALSE(starved.buffer().has_value());
    fixture.publish(1);
    fixture.receive(connected.descriptor, token);
    CHECK(fixture.bytes_of(fixture.await(token)) == "kept");
}

TEMPLATE_TEST_CASE("a Ring uses up its buffers, says ENOBUFS, and goes on when it has some again",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    std::string const text = std::string(64, 'a') + std::string(64, 'b') + std::string(32, 'c');
    connected.peer.send(text);
    Token const token = fixture.token(Operation::receive);
    std::string got;
    bool armed = false;
    int starved = 0;
    while (got.size() < text.size()) {
        if (!armed) fixture.receive(connected.descriptor, token);
        Completion const completion = fixture.await(token);
        armed = completion.more();
        got += fixture.bytes_of(completion);
        if (completion.result > 0) continue;
        REQUIRE(completion.result == -ENOBUFS);
        CHECK_FALSE(armed);
        CHECK(got.size() == 128);
        ++starved;
        fixture.publish(1);
    }
    CHECK(starved == 1);
    CHECK(got == text);
}

TEMPLATE_TEST_CASE("a Ring answers EAGAIN to a receive that does not wait when nothing has arrived",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    Token const token = fixture.token(Operation::receive);
    fixture.requests.receive_arrived(connected.descriptor, fixture.group, token);
    Completion const nothing = fixture.await(token);
    CHECK(nothing.result == -EAGAIN);
    CHECK_FALSE(nothing.more());
    // It may have used up a buffer all the same (on Linux 6.1 it does, on 6.12 it does not), and
    // then brings it along.
    if (nothing.buffer()) fixture.publish(1);
    CHECK(fixture.bytes_of(nothing).empty());

    connected.peer.send("something");
    fixture.requests.receive_arrived(connected.descriptor, fixture.group, token);
    Completion const something = fixture.await(token);
    CHECK_FALSE(something.more());
    CHECK(fixture.bytes_of(something) == "something");

    connected.peer.finish();
    fixture.requests.receive_arrived(connected.descriptor, fixture.group, token);
    CHECK(fixture.await(token).result == 0);
}

TEMPLATE_TEST_CASE("a Ring answers a receive that does not wait before the submission returns",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(1);
    Token const token = fixture.token(Operation::receive);
    Token const cancel = fixture.token(Operation::cancel_receive);
    fixture.requests.receive_arrived(connected.descriptor, fixture.group, token);
    fixture.requests.cancel(token, cancel);
    fixture.ring.submit();
    fixture.look();
    CHECK(fixture.find(token).has_value());
    auto const cancelled = fixture.find(cancel);
    REQUIRE(cancelled.has_value());
    CHECK(cancelled->result == -ENOENT);
}

TEMPLATE_TEST_CASE("a Ring tells a FIN by a result of 0, without a buffer, and is not armed then",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    Token const token = fixture.token(Operation::receive);
    fixture.receive(connected.descriptor, token);
    if (GENERATE(false, true)) fixture.turn(); // Armed before the FIN comes, or after.
    connected.peer.finish();
    Completion const end = fixture.await(token);
    CHECK(end.result == 0);
    CHECK_FALSE(end.more());
    CHECK_FALSE(end.buffer().has_value());
    // And says so again to who asks again.
    fixture.receive(connected.descriptor, token);
    CHECK(fixture.await(token).result == 0);
}

TEMPLATE_TEST_CASE("a Ring gives the data before the FIN that came with it", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const armed_before = GENERATE(true, false);
    auto connected = fixture.connect();
    fixture.publish(4);
    Token const token = fixture.token(Operation::receive);
    if (armed_before) {
        fixture.receive(connected.descriptor, token);
        fixture.turn();
    }
    connected.peer.send_and_finish("last words");
    if (!armed_before) fixture.receive(connected.descriptor, token);
    Completion const data = fixture.await(token);
    CHECK(fixture.bytes_of(data) == "last words");
    if (!data.more()) fixture.receive(connected.descriptor, token);
    Completion const end = fixture.await(token);
    CHECK(end.result == 0);
    CHECK_FALSE(end.more());
}

TEMPLATE_TEST_CASE("a Ring tells a reset by the peer as ECONNRESET", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    bool const armed_before = GENERATE(true, false);
    auto connected = fixture.connect();
    fixture.publish(2);
    Token const token = fixture.token(Operation::receive);
    if (armed_before) {
        fixture.receive(connected.descriptor, token);
        fixture.turn();
    }
    connected.peer.reset();
    if (!armed_before) fixture.receive(connected.descriptor, token);
    Completion const completion = fixture.await(token);
    CHECK(completion.result == -ECONNRESET);
    CHECK_FALSE(completion.more());
    CHECK_FALSE(completion.buffer().has_value());
}

TEMPLATE_TEST_CASE("a Ring ends an armed receive with ECANCELED when it is cancelled, and the "
                   "cancellation completes too",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    fixture.publish(2);
    Token const token = fixture.token(Operation::receive);
    Token const cancel = fixture.token(Operation::cancel_receive);
    fixture.receive(connected.descriptor, token);
    if (GENERATE(false, true)) fixture.turn();
    fixture.requests.cancel(token, cancel);
    CHECK(fixture.await(cancel).result >= 0);
    Completion const completion = fixture.await(token);
    CHECK(completion.result == -ECANCELED);
    CHECK_FALSE(completion.more());
    // What comes later is for the next one.
    connected.peer.send("later");
    fixture.receive(connected.descriptor, token);
    CHECK(fixture.bytes_of(fixture.await(token)) == "later");
}

TEMPLATE_TEST_CASE("fault_L2: a Ring loses nothing of what arrives while a receive is cancelled",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto connected = fixture.connect();
    Token const cancel = fixture.token(Operation::cancel_receive);
    std::string sent;
    std::string got;
    for (std::uint32_t i = 0; i < 50; ++i) {
        fixture.publish(fixture.pool.free_count());
        Token const token = fixture.token(Operation::receive, i);
        fixture.receive(connected.descriptor, token);
        fixture.turn();
        std::string const text = std::to_string(i) + ",";
        connected.peer.send(text);
        sent += text;
        fixture.requests.cancel(token, cancel);
        fixture.await(cancel);
        for (bool armed = true; armed;) {
            Completion const completion = fixture.await(token);
            CHECK((completion.result > 0 || completion.result == -ECANCELED));
            armed = completion.more();
            got += fixture.bytes_of(completion);
        }
    }
    fixture.publish(fixture.pool.free_count());
    connected.peer.finish();
    Token const rest = fixture.token(Operation::receive, 1000);
    for (Completion last{}; got.size() < sent.size();) {
        fixture.requests.receive_one(connected.descriptor, fixture.group, rest);
        last = fixture.await(rest);
        REQUIRE(last.result > 0);
        got += fixture.bytes_of(last);
    }
    CHECK(got == sent);
}

TEMPLATE_TEST_CASE("a Ring says ENOENT when there is nothing to cancel", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    Token const cancel = fixture.token(Operation::cancel_send);
    fixture.requests.cancel(fixture.token(Operation::send), cancel);
    CHECK(fixture.await(cancel).result == -ENOENT);
}
