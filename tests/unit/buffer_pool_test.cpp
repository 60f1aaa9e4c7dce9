#include <kodama/core/buffer_pool.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <support/catch.hpp>

#include "received_buffer.hpp"

using kodama::Buffer;
using kodama::BufferBlock;
using kodama::BufferPool;
using kodama::testing::received_buffer;
using Holder = kodama::BufferBlock::Holder;

namespace {

// A lease of all of the block, so that more can be appended behind what it keeps.
struct OpenBlock {
    BufferBlock* block;
    Buffer lease;
};

OpenBlock open_block(BufferPool& pool) {
    BufferBlock* const block = pool.take_for_kernel();
    REQUIRE(block != nullptr);
    Buffer lease = pool.received(pool.id_of(*block), pool.block_size());
    lease.keep_prefix(0);
    return {block, std::move(lease)};
}

std::uint32_t append(BufferPool& pool, BufferBlock& block, std::string_view text) {
    return pool.append(block, std::as_bytes(std::span(text)).data(), text.size());
}

} // namespace

TEST_CASE("a new pool has all blocks free") {
    BufferPool const pool(5, 64);
    CHECK(pool.count() == 5);
    CHECK(pool.block_size() == 64);
    CHECK(pool.free_count() == 5);
    CHECK(pool.leased_count() == 0);
    CHECK(pool.free_bytes() == 320);
}

TEST_CASE("a block passes from the pool to the kernel, to a lease and back") {
    BufferPool pool(2, 64);
    BufferBlock* const block = pool.take_for_kernel();
    REQUIRE(block != nullptr);
    CHECK(block->holder == Holder::kernel);
    CHECK(block->pool == &pool);
    CHECK(pool.free_count() == 1);
    CHECK(pool.leased_count() == 0);
    {
        Buffer const buffer = pool.received(pool.id_of(*block), 10);
        CHECK(block->holder == Holder::lease);
        CHECK(pool.free_count() == 1);
        CHECK(pool.leased_count() == 1);
        CHECK(buffer.bytes().data() == block->memory);
    }
    CHECK(block->holder == Holder::pool);
    CHECK(pool.free_count() == 2);
    CHECK(pool.leased_count() == 0);
}

TEST_CASE("an exhausted pool gives nothing and recovers") {
    BufferPool pool(2, 64);
    Buffer first = pool.take();
    Buffer const second = pool.take();
    CHECK(pool.free_bytes() == 0);
    CHECK(pool.take().bytes().data() == nullptr);
    CHECK(pool.take_for_kernel() == nullptr);
    CHECK(pool.leased_count() == 2);
    first.release();
    CHECK(pool.take().bytes().data() != nullptr);
}

TEST_CASE("the block that came back last is taken first") {
    BufferPool pool(4, 64);
    Buffer first = pool.take();
    Buffer second = pool.take();
    auto const* const first_memory = first.bytes().data();
    auto const* const second_memory = second.bytes().data();
    first.release();
    second.release();
    Buffer const again = pool.take();
    CHECK(again.bytes().data() == second_memory);
    CHECK(pool.take_for_kernel()->memory == first_memory);
}

TEST_CASE("a pool holds the memory of its blocks, and no other") {
    BufferPool pool(2, 64);
    BufferPool other(2, 64);
    Buffer const first = pool.take();
    Buffer const second = pool.take();
    CHECK(pool.holds(first.bytes().data()));
    CHECK(pool.holds(second.bytes().data() + 63));
    CHECK_FALSE(other.holds(first.bytes().data()));
    CHECK_FALSE(pool.holds(&pool));
    CHECK_FALSE(pool.holds(nullptr));
}

TEST_CASE("each block has a number and memory of its own") {
    BufferPool pool(33, 48);
    std::set<kodama::BufferId> ids;
    std::vector<std::byte*> memory;
    for (std::uint32_t i = 0; i < pool.count(); ++i) {
        BufferBlock* const block = pool.take_for_kernel();
        REQUIRE(block != nullptr);
        CHECK(index_of(pool.id_of(*block)) < pool.count());
        CHECK(ids.insert(pool.id_of(*block)).second);
        memory.push_back(block->memory);
    }
    std::sort(memory.begin(), memory.end());
    for (std::size_t i = 1; i < memory.size(); ++i) {
        CHECK(memory[i] - memory[i - 1] >= 48);
    }
}

TEST_CASE("a received buffer has exactly the bytes that arrived") {
    BufferPool pool(1, 64);
    std::size_t const size = GENERATE(0u, 1u, 63u, 64u);
    std::string const text(size, 'x');
    Buffer const buffer = received_buffer(pool, text);
    CHECK(buffer.size() == size);
    CHECK(buffer.empty() == (size == 0));
    CHECK(buffer.text() == text);
    CHECK(buffer.bytes().size() == size);
}

TEST_CASE("a block that was narrowed is whole again when it is used next") {
    BufferPool pool(1, 8);
    {
        Buffer buffer = received_buffer(pool, "12345678");
        buffer.remove_prefix(5);
        buffer.keep_prefix(1);
    }
    CHECK(received_buffer(pool, "abcdefgh").text() == "abcdefgh");
    CHECK(pool.take().empty());
}

TEST_CASE("an empty buffer has no bytes, and nothing that is done to it matters") {
    Buffer buffer;
    CHECK(buffer.empty());
    CHECK(buffer.bytes().data() == nullptr);
    CHECK(buffer.text().empty());
    buffer.remove_prefix(1);
    buffer.keep_prefix(1);
    buffer.release();
    CHECK(buffer.empty());
}

TEST_CASE("removing a prefix stops at the end") {
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, "hello,world");
    buffer.remove_prefix(0);
    CHECK(buffer.text() == "hello,world");
    buffer.remove_prefix(6);
    CHECK(buffer.text() == "world");
    auto const count = GENERATE(as<std::size_t>(), 5, 6, SIZE_MAX);
    buffer.remove_prefix(count);
    CHECK(buffer.empty());
    CHECK(pool.leased_count() == 1);
    buffer.remove_prefix(1);
    CHECK(buffer.empty());
}

TEST_CASE("keeping a prefix never adds bytes") {
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, "hello,world");
    auto const whole = GENERATE(as<std::size_t>(), 11, 12, SIZE_MAX);
    buffer.keep_prefix(whole);
    CHECK(buffer.text() == "hello,world");
    buffer.remove_prefix(2);
    buffer.keep_prefix(3);
    CHECK(buffer.text() == "llo");
    buffer.keep_prefix(0);
    CHECK(buffer.empty());
    CHECK(pool.leased_count() == 1);
}

TEST_CASE("a moved buffer leaves nothing behind") {
    BufferPool pool(2, 64);
    Buffer first = received_buffer(pool, "first");
    Buffer second(std::move(first));
    CHECK(first.empty()); // NOLINT(bugprone-use-after-move): that is the question
    CHECK(first.bytes().data() == nullptr);
    CHECK(second.text() == "first");
    CHECK(pool.leased_count() == 1);
}

TEST_CASE("a buffer that another is moved to gives its own memory back") {
    BufferPool pool(2, 64);
    Buffer first = received_buffer(pool, "first");
    Buffer second = received_buffer(pool, "second");
    second = std::move(first);
    CHECK(second.text() == "first");
    CHECK(pool.leased_count() == 1);
    second = Buffer();
    CHECK(pool.leased_count() == 0);
}

TEST_CASE("a buffer that is moved to itself keeps its bytes") {
    BufferPool pool(1, 64);
    Buffer buffer = received_buffer(pool, "mine");
    Buffer& alias = buffer;
    buffer = std::move(alias);
    CHECK(buffer.text() == "mine");
    CHECK(pool.leased_count() == 1);
}

TEST_CASE("a buffer that is released twice gives its memory back once") {
    BufferPool pool(2, 64);
    Buffer buffer = received_buffer(pool, "x");
    buffer.release();
    CHECK(buffer.empty());
    buffer.release();
    CHECK(pool.free_count() == 2);
}

TEST_CASE("bytes are appended as far as the block reaches") {
    BufferPool pool(1, 8);
    OpenBlock open = open_block(pool);
    CHECK(append(pool, *open.block, "") == 0);
    CHECK(append(pool, *open.block, "abc") == 3);
    CHECK(open.lease.text() == "abc");
    CHECK(append(pool, *open.block, "defghij") == 5);
    CHECK(open.lease.text() == "abcdefgh");
    CHECK(append(pool, *open.block, "x") == 0);
}

TEST_CASE("bytes are appended behind what is left of a block, not into what is gone") {
    BufferPool pool(1, 8);
    OpenBlock open = open_block(pool);
    CHECK(append(pool, *open.block, "abcdef") == 6);
    open.lease.remove_prefix(4);
    CHECK(append(pool, *open.block, "ghij") == 2);
    CHECK(open.lease.text() == "efgh");
}

TEST_CASE("a pool of one block of one byte works") {
    BufferPool pool(1, 1);
    for (char const letter : std::string_view("abc")) {
        CHECK(received_buffer(pool, std::string_view(&letter, 1)).text().front() == letter);
    }
    CHECK(pool.free_count() == 1);
}
