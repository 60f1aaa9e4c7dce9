// A ring that asserts the protocol between program and kernel on everything that passes through it.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <kodama/ring/ring.hpp>
#include <kodama/ring/ring_protocol.hpp>

namespace kodama {

// For tests: it costs a copy of every entry and completion. Has queues of its own, because it has
// to see every entry before the inner ring does, and every completion before the program does.
class CheckedRing : public Ring {
public:
    // `inner` must outlive it, and be used by nobody else. The sizes are those that `inner` was
    // made with.
    CheckedRing(Ring& inner, unsigned entries, unsigned completions, bool direct_descriptors);

    void enter(unsigned wait_for, TimePoint deadline) noexcept override;
    void submit() noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override;
    void poll_busily(std::chrono::nanoseconds duration) noexcept override;
    [[nodiscard]] Usage usage() noexcept override;
    void wake() noexcept override;
    [[nodiscard]] int wake_descriptor() const noexcept override;
    [[nodiscard]] Address peer_address(int descriptor) noexcept override;
    void stop_arrivals(int listener) noexcept override;
    void set_up_outgoing(int descriptor, std::chrono::nanoseconds send_timeout) noexcept override;
    [[nodiscard]] int register_direct_descriptors(unsigned count) noexcept override;
    [[nodiscard]] int register_accept_range(unsigned count) noexcept override;
    [[nodiscard]] int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                           std::uint16_t group) noexcept override;
    void unregister_buffer_ring(std::uint16_t group) noexcept override;

private:
    void hand_in_entries() noexcept;
    void give_entries_back() noexcept;
    void collect_completions() noexcept;
    void show_completions() noexcept;
    [[nodiscard]] unsigned completions_there() const noexcept;

    Ring& inner_;
    RingProtocol protocol_;

    std::unique_ptr<io_uring_sqe[]> entries_;
    unsigned entries_head_ = 0; // up to here the kernel has consumed them
    unsigned handed_in_ = 0;    // up to here the inner ring has them
    unsigned flags_ = 0;        // as the kernel's

    std::unique_ptr<std::byte[]> completions_; // an io_uring_cqe cannot be an array's element
    unsigned completions_head_ = 0;
    unsigned completions_tail_ = 0;
    std::vector<Completion> backlog_; // what the queue has no room for
    std::size_t backlog_begin_ = 0;
};

} // namespace kodama
