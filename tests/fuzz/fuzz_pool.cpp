// Two pools and a few send queues against the simplest things that do the same: strings, and
// counts of who holds how many blocks.
#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/send_queue.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <kodama/base/memory_poison.hpp>

#include <fuzz/bytes.hpp>
#include <fuzz/pool_model.hpp>
#include <fuzz/target.hpp>

using kodama::Buffer;
using kodama::BufferBlock;
using kodama::BufferPool;
using kodama::fuzz::Bytes;
using kodama::fuzz::is_poisoned;
using kodama::fuzz::Lease;
using kodama::fuzz::memory_of;
using kodama::fuzz::Queue;
using kodama::fuzz::text_of;

namespace {

// As in a worker, the kernel and sessions have blocks of `received_`, and only what is copied
// has blocks of `copies_`: nothing may be appended behind received bytes.
class Walk {
public:
    explicit Walk(Bytes bytes)
        : bytes_(bytes), // Braces: what is drawn first is the same with every compiler.
          received_{1 + bytes_.below(12), 1 + bytes_.below(48)},
          copies_{1 + bytes_.below(24), 1 + bytes_.below(32)},
          received_memory_(memory_of(received_)),
          copies_memory_(memory_of(copies_)) {}

    ~Walk() {
        leases_.clear();
        for (Queue& one : queues_)
            one.queue.clear();
        FUZZ_CHECK(received_.leased_count() == 0);
        FUZZ_CHECK(copies_.free_count() == copies_.count());
    }

    Walk(Walk const&) = delete;
    Walk& operator=(Walk const&) = delete;

    void run() {
        while (!bytes_.empty()) {
            (this->*steps[bytes_.below(steps.size())])();
            check();
        }
    }

private:
    void take() {
        BufferPool& pool = bytes_.below(2) == 0 ? received_ : copies_;
        bool const empty = pool.free_count() == 0;
        Buffer buffer = pool.take();
        FUZZ_CHECK((buffer.bytes().data() == nullptr) == empty);
        leases_.push_back({std::move(buffer), ""});
    }

    void give_to_kernel() {
        bool const empty = received_.free_count() == 0;
        BufferBlock* const block = received_.take_for_kernel();
        FUZZ_CHECK((block == nullptr) == empty);
        if (block == nullptr) return;
        FUZZ_CHECK(is_poisoned(*block, received_.block_size()));
        kernel_.push_back(block);
    }

    void receive() {
        if (kernel_.empty()) return;
        std::size_t const index = bytes_.below(kernel_.size());
        BufferBlock* const block = kernel_[index];
        kernel_.erase(kernel_.begin() + static_cast<std::ptrdiff_t>(index));
        std::string text = fresh_text(bytes_.below(received_.block_size() + 1));
        // As the kernel does it, without asking AddressSanitizer.
        kodama::unpoison(block->memory, text.size());
        std::copy(text.begin(), text.end(), reinterpret_cast<char*>(block->memory));
        kodama::poison(block->memory, text.size());
        auto const size = static_cast<std::uint32_t>(text.size());
        leases_.push_back({received_.received(received_.id_of(*block), size), std::move(text)});
    }

    void narrow() {
        if (leases_.empty()) return;
        Lease& lease = any_lease();
        std::size_t const count = bytes_.below(64); // also more than there are
        if (bytes_.below(2) == 0) {
            lease.buffer.remove_prefix(count);
            lease.model.erase(0, count);
        } else {
            lease.buffer.keep_prefix(count);
            lease.model.resize(std::min(count, lease.model.size()));
        }
    }

    void assign() {
        if (leases_.empty()) return;
        Lease& to = any_lease();
        Lease& from = any_lease();
        to.buffer = std::move(from.buffer);
        if (&to != &from) to.model = std::exchange(from.model, "");
    }

    void release() {
        if (leases_.empty()) return;
        Lease& lease = any_lease();
        lease.buffer.release();
        lease.model.clear();
        forget(lease);
    }

    void push() {
        if (leases_.empty()) return;
        Lease& lease = any_lease();
        Queue& to = any_queue();
        to.queue.push(std::move(lease.buffer));
        to.model += lease.model;
        lease.model.clear();
        forget(lease);
    }

    void push_copy() {
        std::string const text = fresh_text(bytes_.below(80));
        if (blocks_for(text.size()) > copies_.free_count()) return;
        std::size_t const free_before = copies_.free_count();
        Queue& to = any_queue();
        std::size_t const behind = std::min(text.size(), room_behind(to));
        to.queue.push_copy(std::as_bytes(std::span(text)), copies_);
        to.model += text;
        FUZZ_CHECK(free_before - copies_.free_count() == blocks_for(text.size() - behind));
    }

    void send() {
        Queue& from = any_queue();
        if (from.flight.empty()) from.flight = from.gather(1 + bytes_.below(8));
    }

    // What was in flight has left, all or a part of it.
    void consume() {
        Queue& from = any_queue();
        std::size_t const count = bytes_.below(from.limit() + 1);
        from.queue.consume(count);
        from.model.erase(0, count);
        from.flight.clear();
    }

    void move_into_copies() {
        Queue& queue = any_queue();
        auto const outside = [this](iovec const& one) { return is_of_received(one); };
        if (std::any_of(queue.flight.begin(), queue.flight.end(), outside)) return;
        std::size_t const needed = queue.queue.blocks_to_move_into(copies_);
        if (needed > copies_.free_count()) return;
        std::size_t const free_before = copies_.free_count();
        std::size_t expected = 0;
        for (iovec const& one : queue.gather(blocks_max()))
            expected += outside(one) ? one.iov_len : 0;
        FUZZ_CHECK(queue.queue.move_into(copies_) == expected);
        FUZZ_CHECK((needed == 0) == (expected == 0));
        FUZZ_CHECK(queue.queue.blocks_to_move_into(copies_) == 0);
        FUZZ_CHECK(free_before - copies_.free_count() <= needed);
    }

    void clear() {
        Queue& queue = any_queue();
        queue.queue.clear();
        queue.model.clear();
        queue.flight.clear();
    }

    void check() const {
        std::array<std::size_t, 2> leased{}; // of received_, of copies_
        for (Lease const& lease : leases_) {
            FUZZ_CHECK(lease.buffer.text() == lease.model);
            FUZZ_CHECK(lease.buffer.empty() == lease.model.empty());
            std::byte const* const memory = lease.buffer.bytes().data();
            if (memory != nullptr) ++leased[is_of_received(memory) ? 0 : 1];
        }
        for (Queue const& one : queues_) {
            std::vector<iovec> const vectors = one.gather(blocks_max());
            FUZZ_CHECK(text_of(vectors) == one.model);
            FUZZ_CHECK(one.queue.size() == one.model.size());
            FUZZ_CHECK(one.queue.empty() == one.model.empty());
            check_flight(one, vectors);
            for (iovec const& vector : vectors)
                ++leased[is_of_received(vector) ? 0 : 1];
        }
        FUZZ_CHECK(received_.leased_count() == leased[0]);
        FUZZ_CHECK(copies_.leased_count() == leased[1]);
        FUZZ_CHECK(received_.free_count() + leased[0] + kernel_.size() == received_.count());
        FUZZ_CHECK(copies_.free_count() + leased[1] == copies_.count());
        FUZZ_CHECK(copies_.free_bytes() ==
                   std::size_t{copies_.free_count()} * copies_.block_size());
    }

    // The bytes that a send covers stay where they are; the last block may have grown.
    static void check_flight(Queue const& one, std::vector<iovec> const& vectors) {
        FUZZ_CHECK(vectors.size() >= one.flight.size());
        for (std::size_t i = 0; i < one.flight.size(); ++i) {
            FUZZ_CHECK(vectors[i].iov_base == one.flight[i].iov_base);
            FUZZ_CHECK(vectors[i].iov_len >= one.flight[i].iov_len);
        }
    }

    bool is_of_received(std::byte const* memory) const {
        return memory >= received_memory_.front() &&
               memory <= received_memory_.back() + received_.block_size();
    }
    bool is_of_received(iovec const& vector) const {
        return is_of_received(static_cast<std::byte const*>(vector.iov_base));
    }

    // How much the last block of the queue can still take.
    std::size_t room_behind(Queue const& queue) const {
        std::vector<iovec> const vectors = queue.gather(blocks_max());
        if (vectors.empty() || is_of_received(vectors.back())) return 0;
        auto const* const begin = static_cast<std::byte const*>(vectors.back().iov_base);
        std::byte const* const memory =
            *std::prev(std::upper_bound(copies_memory_.begin(), copies_memory_.end(), begin));
        auto const used = static_cast<std::size_t>(begin - memory) + vectors.back().iov_len;
        return copies_.block_size() - used;
    }
    std::size_t blocks_for(std::size_t size) const {
        return (size + copies_.block_size() - 1) / copies_.block_size();
    }
    std::size_t blocks_max() const { return std::size_t{received_.count()} + copies_.count(); }
    Queue& any_queue() { return queues_[bytes_.below(queues_.size())]; }
    Lease& any_lease() { return leases_[bytes_.below(leases_.size())]; }

    void forget(Lease& lease) {
        FUZZ_CHECK(lease.buffer.bytes().data() == nullptr);
        if (&lease != &leases_.back()) lease = std::move(leases_.back());
        leases_.pop_back();
    }

    // No two pieces are alike, and the input stays short.
    std::string fresh_text(std::size_t size) {
        std::string text(size, '\0');
        for (char& letter : text)
            letter = static_cast<char>((state_ = state_ * 1664525 + 1013904223) >> 24);
        return text;
    }

    static constexpr std::array<void (Walk::*)(), 12> steps{
        &Walk::take,    &Walk::give_to_kernel,   &Walk::receive,
        &Walk::narrow,  &Walk::assign,           &Walk::release,
        &Walk::push,    &Walk::push_copy,        &Walk::send,
        &Walk::consume, &Walk::move_into_copies, &Walk::clear};

    Bytes bytes_;
    std::uint32_t state_ = 1;
    BufferPool received_;
    BufferPool copies_;
    std::vector<std::byte const*> received_memory_;
    std::vector<std::byte const*> copies_memory_;
    std::vector<BufferBlock*> kernel_; // what the kernel holds
    std::vector<Lease> leases_;
    std::array<Queue, 3> queues_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    Walk(Bytes(data, size)).run();
    return 0;
}
