// Shared bytes, alone and in send queues.
#include <kodama/core/shared_bytes.hpp>

#include <array>
#include <string>
#include <utility>

#include <sys/uio.h>

#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/send_queue.hpp>
#include <kodama/core/shared_pieces.hpp>
#include <support/background.hpp>
#include <support/catch.hpp>

using kodama::BufferBlock;
using kodama::BufferPool;
using kodama::SendQueue;
using kodama::SharedBytes;
using kodama::SharedPieces;

namespace {

void const* memory_of(SharedBytes const& bytes) { return bytes.bytes().data(); }

std::string front_of(SendQueue const& queue) {
    std::array<iovec, 1> vector{};
    REQUIRE(queue.gather(vector) == 1);
    return {static_cast<char const*>(vector[0].iov_base), vector[0].iov_len};
}

} // namespace

TEST_CASE("shared bytes are copied once and then referred to") {
    std::string text = "hello";
    SharedBytes const bytes = SharedBytes::copy_of(text);
    text = "other";
    CHECK(bytes.text() == "hello");
    CHECK(bytes.size() == 5);
    SharedBytes other = bytes;
    CHECK(memory_of(other) == memory_of(bytes));
    SharedBytes const moved = std::move(other);
    CHECK(memory_of(moved) == memory_of(bytes));
    CHECK(other.empty()); // NOLINT(bugprone-use-after-move): that is what is tested
    other = bytes;
    SharedBytes const& itself = other;
    other = itself;
    CHECK(other.text() == "hello");
}

TEST_CASE("no bytes can be shared too") {
    CHECK(SharedBytes().empty());
    CHECK(SharedBytes::copy_of("").empty());
    CHECK(SharedBytes().text().empty());
}

TEST_CASE("shared bytes are there until the last queue has sent them") {
    SharedPieces pieces(2);
    SendQueue first;
    SendQueue second;
    {
        SharedBytes const bytes = SharedBytes::copy_of("hello");
        first.push_piece(*pieces.take(bytes));
        second.push_piece(*pieces.take(bytes));
        CHECK(pieces.take(bytes) == nullptr); // there are only two
    }
    CHECK(pieces.out() == 2);
    first.consume(5);
    CHECK(first.empty());
    CHECK(pieces.out() == 1);
    second.consume(2);
    CHECK(front_of(second) == "llo");
    second.clear();
    CHECK(pieces.out() == 0);
}

TEST_CASE("what is shared stays where it is when a queue is moved out of receive buffers") {
    BufferPool received(1, 16);
    BufferPool copies(4, 4);
    SharedPieces pieces(1);
    SharedBytes const bytes = SharedBytes::copy_of("shared by many");
    SendQueue queue;
    queue.push_piece(*pieces.take(bytes));
    queue.push_copy(std::as_bytes(std::span(std::string_view("own"))), received);
    CHECK(queue.blocks_to_move_into(copies) == 1);
    CHECK(queue.move_into(copies) == 3);
    CHECK(received.leased_count() == 0);
    std::array<iovec, 2> vectors{};
    REQUIRE(queue.gather(vectors) == 2);
    CHECK(vectors[0].iov_base == memory_of(bytes));
    CHECK(copies.holds(vectors[1].iov_base));
    queue.clear();
}

TEST_CASE("threads may let go of shared bytes in any order", "[threads]") {
    for (int round = 0; round < 100; ++round) {
        SharedBytes bytes = SharedBytes::copy_of("hello");
        kodama::testing::Background const other([copy = bytes] { CHECK(copy.size() == 5); });
        bytes = {};
    }
}
