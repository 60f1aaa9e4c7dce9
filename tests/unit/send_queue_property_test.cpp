// A send queue against the simplest thing that does the same: a string.
#include <kodama/core/send_queue.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <kodama/core/buffer_pool.hpp>
#include <support/catch.hpp>
#include <support/payload.hpp>
#include <support/scale.hpp>

#include "received_buffer.hpp"

using kodama::Buffer;
using kodama::BufferPool;
using kodama::SendQueue;
using kodama::testing::Random;

namespace {

class Walk {
public:
    explicit Walk(std::uint64_t seed) : random_(seed) {}

    ~Walk() { queue_.clear(); }

    Walk(Walk const&) = delete;
    Walk& operator=(Walk const&) = delete;

    void step() {
        switch (random_.below(6)) {
        case 0:
            return push(small_);
        case 1:
            return push(large_);
        case 2:
            return push_copy();
        case 3:
            return consume(random_.below(queue_.size() + 1));
        case 4:
            return consume(std::min<std::size_t>(queue_.size(), random_.below(9)));
        default:
            return move_out();
        }
    }

    void check() const {
        REQUIRE(queue_.size() == model_.size());
        REQUIRE(queue_.empty() == model_.empty());
        std::size_t const blocks = leased();
        std::vector<iovec> vectors(blocks + 1);
        std::size_t const count = queue_.gather(vectors);
        REQUIRE(count == blocks); // each leased block is in the queue, and none is empty
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE(vectors[i].iov_len > 0);
            text.append(static_cast<char const*>(vectors[i].iov_base), vectors[i].iov_len);
        }
        REQUIRE(text == model_);
    }

    void finish() {
        if (random_.below(2) == 0) {
            queue_.clear();
        } else {
            queue_.consume(queue_.size());
        }
        REQUIRE(queue_.empty());
        REQUIRE(leased() == 0);
        REQUIRE(small_.free_count() == small_.count());
        REQUIRE(large_.free_count() == large_.count());
        REQUIRE(copies_.free_count() == copies_.count());
    }

private:
    std::size_t leased() const {
        return std::size_t{small_.leased_count()} + large_.leased_count() + copies_.leased_count();
    }

    std::string text(std::size_t size) {
        std::string result(size, '\0');
        for (char& letter : result)
            letter = static_cast<char>(random_.below(256));
        return result;
    }

    void push(BufferPool& pool) {
        if (pool.free_count() == 0) return;
        std::string bytes = text(random_.below(pool.block_size() + 1));
        Buffer buffer = kodama::testing::received_buffer(pool, bytes);
        std::size_t const removed = random_.below(4) == 0 ? random_.below(bytes.size() + 1) : 0;
        buffer.remove_prefix(removed);
        bytes.erase(0, removed);
        queue_.push(std::move(buffer));
        model_ += bytes;
    }

    void push_copy() {
        std::string const bytes = text(random_.below(60));
        if (bytes.size() > copies_.free_bytes()) return;
        queue_.push_copy(std::as_bytes(std::span(bytes)), copies_);
        model_ += bytes;
    }

    void consume(std::size_t count) {
        queue_.consume(count);
        model_.erase(0, count);
    }

    void move_out() {
        std::size_t const needed = queue_.blocks_to_move_into(copies_);
        if (needed > copies_.free_count()) return;
        std::vector<Buffer> others; // No block more than it asked for.
        while (random_.below(2) == 0 && copies_.free_count() > needed)
            others.push_back(copies_.take());
        std::size_t const copies_before = copies_.leased_count() - others.size();
        queue_.move_into(copies_);
        REQUIRE(copies_.leased_count() - others.size() <= copies_before + needed);
        REQUIRE(small_.leased_count() == 0);
        REQUIRE(large_.leased_count() == 0);
    }

    Random random_;
    BufferPool small_{16, 8};
    BufferPool large_{6, 64};
    BufferPool copies_{24, 16};
    SendQueue queue_;
    std::string model_;
};

} // namespace

TEST_CASE("a send queue does what a string does, and every block comes back") {
    std::size_t const walks = kodama::testing::scaled(400);
    for (std::size_t i = 0; i < walks; ++i) {
        std::uint64_t const seed = kodama::testing::test_seed() + i;
        INFO("seed " << seed);
        Walk walk(seed);
        for (int step = 0; step < 200; ++step) {
            walk.step();
            walk.check();
        }
        walk.finish();
    }
}
