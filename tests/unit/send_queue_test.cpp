#include <kodama/core/send_queue.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kodama/core/buffer_pool.hpp>
#include <support/catch.hpp>

#include "received_buffer.hpp"

using kodama::Buffer;
using kodama::BufferPool;
using kodama::SendQueue;
using kodama::testing::received_buffer;

namespace {

std::string gathered(SendQueue const& queue, std::size_t vectors_max = 64) {
    std::vector<iovec> vectors(vectors_max);
    std::size_t const count = queue.gather(vectors);
    REQUIRE(count <= vectors_max);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text.append(static_cast<char const*>(vectors[i].iov_base), vectors[i].iov_len);
    }
    return text;
}

void push_copy(SendQueue& queue, std::string_view text, BufferPool& pool) {
    queue.push_copy(std::as_bytes(std::span(text)), pool);
}

// Leaves as many blocks free as `count` says.
std::vector<Buffer> leave_free(BufferPool& pool, std::size_t count) {
    std::vector<Buffer> taken;
    while (pool.free_count() > count)
        taken.push_back(pool.take());
    return taken;
}

} // namespace

TEST_CASE("a new send queue is empty") {
    SendQueue const queue;
    BufferPool const pool(1, 8);
    CHECK(queue.empty());
    CHECK(queue.size() == 0);
    CHECK(gathered(queue).empty());
    CHECK(queue.blocks_to_move_into(pool) == 0);
}

TEST_CASE("bytes are sent in the order in which they were queued, whatever pool they are in") {
    BufferPool received(4, 8);
    BufferPool copies(4, 4);
    SendQueue queue;
    push_copy(queue, "ab", copies);
    queue.push(received_buffer(received, "cde"));
    push_copy(queue, "fghijk", copies);
    queue.push(received_buffer(received, "l"));
    CHECK(queue.size() == 12);
    CHECK(gathered(queue) == "abcdefghijkl");
    queue.clear();
    CHECK(queue.empty());
    CHECK(received.free_count() == 4);
    CHECK(copies.free_count() == 4);
}

TEST_CASE("what is consumed is gone and the rest stays, at every split point") {
    std::string const text = "abcdefghijkl";
    std::size_t const first = GENERATE(range(std::size_t{0}, std::size_t{13}));
    BufferPool received(4, 8);
    BufferPool copies(4, 4);
    SendQueue queue;
    queue.push(received_buffer(received, "abc"));
    push_copy(queue, "defghi", copies);
    queue.push(received_buffer(received, "jkl"));
    queue.consume(first);
    CHECK(queue.size() == text.size() - first);
    CHECK(gathered(queue) == text.substr(first));
    while (!queue.empty()) {
        queue.consume(1);
        CHECK(gathered(queue) == text.substr(text.size() - queue.size()));
    }
    CHECK(received.free_count() == 4);
    CHECK(copies.free_count() == 4);
}

TEST_CASE("a block goes back as soon as its last byte is consumed and not before") {
    BufferPool received(2, 8);
    SendQueue queue;
    queue.push(received_buffer(received, "abc"));
    queue.push(received_buffer(received, "def"));
    queue.consume(2);
    CHECK(received.leased_count() == 2);
    queue.consume(1);
    CHECK(received.leased_count() == 1);
    queue.consume(3);
    CHECK(received.leased_count() == 0);
}

TEST_CASE("consuming nothing changes nothing, also when the queue is empty") {
    BufferPool received(1, 8);
    SendQueue queue;
    queue.consume(0);
    CHECK(queue.empty());
    queue.push(received_buffer(received, "abc"));
    queue.consume(0);
    CHECK(gathered(queue) == "abc");
    queue.clear();
    queue.clear();
    CHECK(received.free_count() == 1);
}

TEST_CASE("a queue that was emptied can be filled again") {
    BufferPool received(2, 8);
    SendQueue queue;
    for (int i = 0; i < 3; ++i) {
        queue.push(received_buffer(received, "abc"));
        queue.consume(3);
        CHECK(queue.empty());
    }
    queue.push(received_buffer(received, "def"));
    CHECK(gathered(queue) == "def");
    queue.clear();
}

TEST_CASE("a buffer without bytes is taken, gives its memory back and sends nothing") {
    BufferPool received(2, 8);
    SendQueue queue;
    queue.push(Buffer());
    queue.push(received_buffer(received, ""));
    Buffer narrowed = received_buffer(received, "abc");
    narrowed.remove_prefix(3);
    queue.push(std::move(narrowed));
    CHECK(queue.empty());
    CHECK(received.free_count() == 2);
}

TEST_CASE("only the part that a buffer was narrowed to is sent") {
    BufferPool received(1, 16);
    SendQueue queue;
    Buffer buffer = received_buffer(received, "hello,world");
    buffer.remove_prefix(2);
    buffer.keep_prefix(5);
    queue.push(std::move(buffer));
    CHECK(gathered(queue) == "llo,w");
    queue.clear();
}

TEST_CASE("small copies share a block") {
    BufferPool copies(2, 8);
    SendQueue queue;
    push_copy(queue, "", copies);
    CHECK(copies.leased_count() == 0);
    push_copy(queue, "abc", copies);
    push_copy(queue, "def", copies);
    CHECK(copies.leased_count() == 1);
    push_copy(queue, "ghij", copies);
    CHECK(copies.leased_count() == 2);
    CHECK(gathered(queue) == "abcdefghij");
    queue.clear();
}

TEST_CASE("a copy that takes all free blocks to the last byte fits") {
    BufferPool copies(3, 4);
    SendQueue queue;
    push_copy(queue, "abcdefghijkl", copies);
    CHECK(copies.free_count() == 0);
    CHECK(gathered(queue) == "abcdefghijkl");
    queue.clear();
}

TEST_CASE("a copy never goes behind bytes of another pool") {
    BufferPool received(1, 8);
    BufferPool copies(2, 8);
    SendQueue queue;
    push_copy(queue, "ab", copies);
    queue.push(received_buffer(received, "cd"));
    push_copy(queue, "ef", copies);
    CHECK(copies.leased_count() == 2);
    CHECK(gathered(queue) == "abcdef");
    queue.clear();
}

TEST_CASE("a send takes at most as many pieces as it has vectors") {
    BufferPool received(4, 8);
    SendQueue queue;
    for (char const* const text : {"ab", "cd", "ef", "gh"})
        queue.push(received_buffer(received, text));
    CHECK(queue.gather({}) == 0);
    CHECK(gathered(queue, 1) == "ab");
    CHECK(gathered(queue, 3) == "abcdef");
    CHECK(gathered(queue, 4) == "abcdefgh");
    std::array<iovec, 8> vectors{};
    CHECK(queue.gather(vectors) == 4);
    queue.consume(1);
    CHECK(gathered(queue, 1) == "b");
    queue.clear();
}

TEST_CASE("moving out copies what is in other pools and leaves the rest where it is") {
    BufferPool received(4, 8);
    BufferPool copies(8, 4);
    SendQueue queue;
    push_copy(queue, "abc", copies);
    queue.push(received_buffer(received, "defgh"));
    push_copy(queue, "ij", copies);
    queue.push(received_buffer(received, "klm"));
    CHECK(queue.blocks_to_move_into(copies) == 3);
    CHECK(queue.move_into(copies) == 8);
    CHECK(received.free_count() == 4);
    CHECK(queue.size() == 13);
    CHECK(gathered(queue) == "abcdefghijklm");
    CHECK(queue.blocks_to_move_into(copies) == 0);
    CHECK(queue.move_into(copies) == 0);
    queue.clear();
    CHECK(copies.free_count() == 8);
}

TEST_CASE("moving out copies only what is left of a block that was partly sent") {
    BufferPool received(1, 8);
    BufferPool copies(2, 4);
    SendQueue queue;
    queue.push(received_buffer(received, "abcdefgh"));
    queue.consume(4);
    CHECK(queue.blocks_to_move_into(copies) == 1);
    CHECK(queue.move_into(copies) == 4);
    CHECK(gathered(queue) == "efgh");
    queue.clear();
}

TEST_CASE("the blocks that moving out asks for are always enough") {
    std::size_t const size = GENERATE(1u, 3u, 4u, 5u, 8u);
    std::size_t const before = GENERATE(0u, 1u, 4u);
    BufferPool received(4, 8);
    BufferPool copies(32, 4);
    SendQueue queue;
    push_copy(queue, std::string(before, 'b'), copies);
    for (int i = 0; i < 3; ++i)
        queue.push(received_buffer(received, std::string(size, 'x')));
    std::size_t const needed = queue.blocks_to_move_into(copies);
    std::vector<Buffer> const taken = leave_free(copies, needed);
    REQUIRE(copies.free_count() == needed);
    CHECK(queue.move_into(copies) == 3 * size);
    CHECK(gathered(queue) == std::string(before, 'b') + std::string(3 * size, 'x'));
    queue.clear();
}

TEST_CASE("what is popped is the front, as it was received, or nothing") {
    BufferPool received(4, 8);
    SendQueue queue;
    CHECK(queue.pop().empty());
    queue.push(received_buffer(received, "abc"));
    queue.push(received_buffer(received, "de"));
    queue.consume(1);
    CHECK(queue.pop().text() == "bc");
    CHECK(queue.size() == 2);
    CHECK(queue.pop().text() == "de");
    CHECK(queue.empty());
    CHECK(queue.pop().empty());
    queue.push(received_buffer(received, "f"));
    CHECK(gathered(queue) == "f");
    queue.clear();
    CHECK(received.free_count() == 4);
}
