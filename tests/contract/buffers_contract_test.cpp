// Receive buffers: registering them, and what comes in which of them.
#include <cerrno>
#include <new>
#include <string>
#include <vector>

#include "ring_fixture.hpp"
#include "streams.hpp"

using kodama::BufferBlock;
using kodama::BufferId;
using kodama::Completion;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;
using kodama::testing::Streams;

namespace {

// Memory for a ring of buffers, which the kernel wants to begin at a page.
struct AlignedEntries {
    static constexpr std::align_val_t page{4096};
    explicit AlignedEntries(std::size_t count) : entries(new(page) io_uring_buf[count]{}) {}
    AlignedEntries(AlignedEntries const&) = delete;
    AlignedEntries& operator=(AlignedEntries const&) = delete;
    ~AlignedEntries() { ::operator delete[](entries, page); }

    io_uring_buf* entries;
};

} // namespace

TEMPLATE_TEST_CASE("a Ring registers a group of buffers only once at a time", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    AlignedEntries const memory(8);
    CHECK(fixture.ring.register_buffer_ring(memory.entries, 8, fixture.group) == -EEXIST);
    for (int i = 0; i < 3; ++i) {
        CHECK(fixture.ring.register_buffer_ring(memory.entries, 8, 7) == 0);
        CHECK(fixture.ring.register_buffer_ring(memory.entries, 8, 7) == -EEXIST);
        fixture.ring.unregister_buffer_ring(7);
    }
}

TEMPLATE_TEST_CASE("a Ring refuses a group of buffers of a wrong size or place", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    constexpr unsigned most = 32768;
    AlignedEntries const memory(most);
    auto const result_of = [&](io_uring_buf* entries, unsigned count) {
        return fixture.ring.register_buffer_ring(entries, count, 9);
    };
    for (unsigned const count : {0u, 3u, most - 1, most + 1, 2 * most}) {
        CAPTURE(count);
        CHECK(result_of(memory.entries, count) == -EINVAL);
    }
    CHECK(result_of(memory.entries + 1, 8) == -EINVAL);
    CHECK(result_of(nullptr, 8) == -EFAULT);
    CHECK(result_of(memory.entries, most) == 0);
    fixture.ring.unregister_buffer_ring(9);
}

TEMPLATE_TEST_CASE("a Ring registers one table of direct descriptors", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    CHECK(fixture.ring.register_direct_descriptors(0) == -EINVAL);
    if (!fixture.direct()) {
        CHECK(fixture.ring.register_direct_descriptors(kodama::slots_max + 1) == -EMFILE);
        CHECK(fixture.ring.register_direct_descriptors(8) == 0);
    }
    CHECK(fixture.ring.register_direct_descriptors(8) == -EBUSY);
}

TEMPLATE_TEST_CASE("a Ring uses buffers in the order in which they were published", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.buffers = 8});
    auto connected = fixture.connect();
    std::vector<BufferBlock*> blocks;
    while (BufferBlock* const block = fixture.pool.take_for_kernel())
        blocks.push_back(block);
    for (std::size_t const i : {3u, 0u, 7u, 5u})
        fixture.buffers.add(fixture.pool.id_of(*blocks[i]), blocks[i]->memory, 64);
    fixture.buffers.publish();
    connected.peer.send(std::string(4 * 64, 'x'));
    for (std::size_t const i : {3u, 0u, 7u, 5u}) {
        Token const token = fixture.token(Operation::receive);
        fixture.requests.receive_one(connected.descriptor, fixture.group, token);
        Completion const completion = fixture.await(token);
        CHECK(completion.result == 64);
        CHECK(completion.buffer() == fixture.pool.id_of(*blocks[i]));
    }
}

TEMPLATE_TEST_CASE("a Ring takes a buffer when there is something to put into it, not before",
                   "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    auto first = fixture.connect();
    auto second = fixture.connect();
    fixture.publish(1);
    Token const one = fixture.token(Operation::receive, 1);
    Token const two = fixture.token(Operation::receive, 2);
    fixture.requests.receive_one(first.descriptor, fixture.group, one);
    fixture.requests.receive_one(second.descriptor, fixture.group, two);
    fixture.turn();
    CHECK_FALSE(fixture.find(one).has_value());
    CHECK_FALSE(fixture.find(two).has_value());
    second.peer.send("second");
    CHECK(fixture.bytes_of(fixture.await(two)) == "second");
    first.peer.send("first");
    CHECK(fixture.await(one).result == -ENOBUFS);
    fixture.publish(1);
    fixture.requests.receive_one(first.descriptor, fixture.group, one);
    CHECK(fixture.bytes_of(fixture.await(one)) == "first");
}

TEMPLATE_TEST_CASE("a Ring without buffers says ENOBUFS whatever there is to be told", "[contract]",
                   KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType));
    enum class There { nothing, fin, reset };
    There const there = GENERATE(There::nothing, There::fin, There::reset);
    auto connected = fixture.connect();
    if (there == There::fin) connected.peer.finish();
    if (there == There::reset) connected.peer.reset();
    Token const token = fixture.token(Operation::receive);
    fixture.receive(connected.descriptor, token);
    CHECK(fixture.await(token).result == -ENOBUFS);
    fixture.requests.receive_arrived(connected.descriptor, fixture.group, token);
    CHECK(fixture.await(token).result == -ENOBUFS);
    if (there == There::nothing) return;
    // It is not lost.
    fixture.publish(1);
    fixture.receive(connected.descriptor, token);
    CHECK(fixture.await(token).result == (there == There::fin ? 0 : -ECONNRESET));
}

TEMPLATE_TEST_CASE("a Ring keeps two groups of buffers apart", "[contract]", KODAMA_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.buffers = 1});
    auto small = fixture.connect();
    auto large = fixture.connect();
    kodama::BufferPool pool(1, 1000);
    kodama::BufferRing others(fixture.ring, 4, 8);
    others.add(BufferId{0}, pool.take_for_kernel()->memory, pool.block_size());
    others.publish();
    Token const one = fixture.token(Operation::receive, 1);
    Token const two = fixture.token(Operation::receive, 2);
    fixture.receive(small.descriptor, one);
    CHECK(fixture.await(one).result == -ENOBUFS); // although the others have one
    fixture.requests.receive_one(large.descriptor, 8, two);
    std::string const text(500, 'L');
    large.peer.send(text);
    Completion const completion = fixture.await(two);
    REQUIRE(completion.result == 500);
    CHECK(completion.buffer() == BufferId{0});
    CHECK(pool.received(BufferId{0}, 500).text() == text);
    fixture.publish(1);
    small.peer.send("small");
    fixture.receive(small.descriptor, one);
    CHECK(fixture.bytes_of(fixture.await(one)) == "small");
}

TEMPLATE_TEST_CASE("a Ring mixes nothing up when many connections share one group of buffers",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType), {.buffers = 64});
    Streams streams(fixture, 20);
    for (int round = 0; round < 20; ++round) {
        int number = 0;
        for (auto& stream : streams)
            stream.say(std::to_string(number++) + ":" + std::to_string(round) + ";");
        if (round % 3 != 0) streams.work_until_heard(); // else they come together
    }
    streams.work_until_heard();
    for (auto const& stream : streams)
        CHECK(stream.got == stream.sent);
}

TEMPLATE_TEST_CASE("fault_R1: a Ring with four buffers serves many connections, which starve now "
                   "and then and lose nothing",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType), {.buffers = 4, .buffer_size = 16});
    Streams streams(fixture, 8);
    for (int round = 0; round < 10; ++round) {
        for (auto& stream : streams)
            stream.say(std::string(40, static_cast<char>('a' + round)));
    }
    streams.work_until_heard();
    int starved = 0;
    for (auto const& stream : streams) {
        CHECK(stream.got == stream.sent);
        starved += stream.starved;
    }
    CHECK(starved > 0);
}

TEMPLATE_TEST_CASE("fault_A12: a Ring hears one connection although another never falls silent",
                   "[contract]", KODAMA_RINGS) {
    using Fixture = RingFixture<TestType>;
    Fixture fixture(KODAMA_GENERATE_FEATURES(TestType), {.buffers = 256});
    Streams streams(fixture, 3);
    auto& loud = streams[1];
    std::string const much(128 * 64, '!'); // fewer buffers than there are
    loud.say(much);
    streams.work();
    fixture.turn();
    streams[0].say("before");
    streams[2].say("behind");
    streams.work_until("the others are heard", [&] {
        if (loud.got.size() == loud.sent.size()) loud.say(much);
        return streams[0].got == "before" && streams[2].got == "behind";
    });
    CHECK(loud.got == std::string(loud.got.size(), '!'));
}
