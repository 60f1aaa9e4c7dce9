// A ring whose kernel is the test: it consumes what it is told to, and answers what it is told to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <kodama/core/requests.hpp>
#include <kodama/core/token.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <kodama/ring/ring.hpp>
#include <kodama/ring/ring_protocol.hpp>

namespace kodama::testing {

class ScriptedRing : public Ring {
public:
    static constexpr unsigned size = 64; // of both queues

    explicit ScriptedRing(bool direct = true) : protocol(direct) {
        submission_ = {.entries = entries_.data(),
                       .kernel_head = &entries_head_,
                       .kernel_tail = nullptr,
                       .kernel_flags = &queue_flags,
                       .mask = size - 1,
                       .tail = 0};
        void* const completion_memory = completions_.data();
        completion_ = {.entries = static_cast<io_uring_cqe*>(completion_memory),
                       .kernel_head = &completions_head_,
                       .kernel_tail = &completions_tail_,
                       .mask = size - 1};
    }

    // Consumes at most `quota` entries.
    void submit() noexcept override {
        protocol.entering();
        for (; quota > 0 && entries_head_ != submission_.tail; --quota, ++entries_head_) {
            io_uring_sqe const& entry = entries_[entries_head_ % size];
            protocol.submitted(entry);
            consumed.push_back(entry.user_data);
        }
    }

    void enter(unsigned wait_for, TimePoint) noexcept override {
        waited_for.push_back(wait_for);
        submit();
    }

    // Once the program enters or visits.
    void complete(std::uint64_t user_data, std::int32_t result, std::uint32_t flags = 0) {
        io_uring_cqe& entry = completion_.entries[completions_tail_++ % size];
        entry.user_data = user_data;
        entry.res = result;
        entry.flags = flags;
        protocol.completed(entry);
    }
    void complete(Token token, std::int32_t result, std::uint32_t flags = 0) {
        complete(token.user_data(), result, flags);
    }

    [[nodiscard]] TimePoint now() const noexcept override { return {}; }
    void poll_busily(std::chrono::nanoseconds /*duration*/) noexcept override {}
    [[nodiscard]] Usage usage() noexcept override { return {}; }
    void wake() noexcept override {}
    [[nodiscard]] int wake_descriptor() const noexcept override { return 3; }
    [[nodiscard]] Address peer_address(int) noexcept override { return {}; }
    void stop_arrivals(int) noexcept override {}
    void set_up_outgoing(int, std::chrono::nanoseconds) noexcept override {}
    [[nodiscard]] int register_direct_descriptors(unsigned) noexcept override { return 0; }
    [[nodiscard]] int register_accept_range(unsigned) noexcept override { return 0; }
    [[nodiscard]] int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                           std::uint16_t group) noexcept override {
        protocol.buffer_ring_registered(entries, count, group);
        return 0;
    }
    void unregister_buffer_ring(std::uint16_t group) noexcept override {
        protocol.buffer_ring_unregistered(group);
    }

    RingProtocol protocol;
    unsigned quota = 1000;
    unsigned queue_flags = 0; // of the submission queue
    std::vector<std::uint64_t> consumed;
    std::vector<unsigned> waited_for;

private:
    std::array<io_uring_sqe, size> entries_{};
    // An io_uring_cqe cannot be an array's element.
    alignas(io_uring_cqe) std::array<std::byte, size * sizeof(io_uring_cqe)> completions_{};
    unsigned entries_head_ = 0;
    unsigned completions_head_ = 0;
    unsigned completions_tail_ = 0;
};

// What a worker would say to it, one connection at a time.
struct Traffic {
    static constexpr std::uint16_t group = 5;
    static constexpr int listener = 4;
    static constexpr std::uint32_t buffer_size = 16;

    explicit Traffic(bool direct_descriptors = true)
        : direct(direct_descriptors),
          ring(direct),
          requests(ring, direct ? FeatureSet::all() : FeatureSet()),
          buffers(ring, 4, group) {}

    [[nodiscard]] static Token token(Operation operation, std::uint32_t number = 0) {
        return Token(operation, Slot{number}, Generation{1});
    }

    [[nodiscard]] std::byte* memory_of(std::uint16_t id) { return &memory[id * buffer_size]; }

    // How the completion of a receive names the buffer that it brings.
    [[nodiscard]] static std::uint32_t brings(std::uint16_t id, bool more = false) {
        return IORING_CQE_F_BUFFER | std::uint32_t{id} << IORING_CQE_BUFFER_SHIFT |
               (more ? IORING_CQE_F_MORE : 0u);
    }

    void publish(std::uint16_t id) {
        buffers.add(BufferId{id}, memory_of(id), buffer_size);
        buffers.publish();
        ring.protocol.entering();
    }

    void open(int descriptor) {
        requests.accept_one(listener, token(Operation::accept));
        ring.submit();
        ring.complete(token(Operation::accept), descriptor);
    }

    void receive_many(int descriptor) {
        requests.receive_many(descriptor, group, token(Operation::receive));
        ring.submit();
    }

    void receive_one(int descriptor) {
        requests.receive_one(descriptor, group, token(Operation::receive));
        ring.submit();
    }

    void send(int descriptor, std::byte* bytes, std::size_t size, std::uint32_t number = 0,
              SendPatience patience = SendPatience::none) {
        iovec const vector{.iov_base = bytes, .iov_len = size};
        requests.send(descriptor, std::span(&vector, 1), patience, token(Operation::send, number));
        ring.submit();
    }
    void send_silently(int descriptor, std::byte* bytes, std::size_t size) {
        send(descriptor, bytes, size, 0, SendPatience::silent);
    }

    void finish(int descriptor) {
        requests.shut_down(descriptor, token(Operation::shut_down));
        ring.submit();
    }

    void reset(int descriptor) {
        requests.reset(descriptor, token(Operation::reset));
        ring.submit();
    }

    void close(int descriptor, std::uint32_t number = 0) {
        requests.close(descriptor, token(Operation::close, number));
        ring.submit();
    }

    // An entry that core/requests.cpp does not write.
    template <class Fill> void hand_in(Fill&& fill) {
        io_uring_sqe& entry = *ring.next_entry();
        entry.user_data = 99;
        fill(entry);
        ring.submit();
    }

    bool direct;
    std::array<std::byte, std::size_t{8} * buffer_size> memory{};
    std::array<std::byte, 64> copies{}; // memory that is never published
    ScriptedRing ring;
    Requests requests;
    BufferRing buffers;
};

} // namespace kodama::testing
