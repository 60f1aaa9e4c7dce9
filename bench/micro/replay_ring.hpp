// A ring whose kernel has the same answers for everything, and has them at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kodama/ring/ring.hpp>

namespace kodama::bench {

// What is left of a server's work when the kernel's is taken away. Its peers all do the same: each
// connects once, sends a message, waits until all of it has come back, and sends the next. Every
// send takes everything, and is answered when it is submitted; the peers are far away, so what they
// send arrives when the program has nothing else to do. The same entries always get the same
// completions, whatever the machine does meanwhile.
//
// It writes nothing into the receive buffers, and asserts nothing of what the program submits:
// CheckedRing does that.
//
// Threads: one, but for wake().
class ReplayRing final : public Ring {
public:
    struct Traffic {
        std::uint32_t connections = 1;
        std::uint32_t message_size = 64;
        std::uint32_t batch = 1; // messages that arrive at once, where there are as many
        // What a turn that waits is said to have cost in CPU time, by how it waits.
        std::chrono::nanoseconds sleeping{0};
        std::chrono::nanoseconds looking{0};
    };

    struct Counts {
        std::uint64_t echoes = 0;
        std::uint64_t entries = 0;
        std::uint64_t completions = 0;
        std::uint64_t enters = 0;
        std::uint64_t looks = 0;  // enters that would have looked before they slept
        std::uint64_t closed = 0; // connections

        friend bool operator==(Counts const&, Counts const&) = default;
    };

    static constexpr unsigned entries_max = 1024; // as the server's ring has (server/ring_setup)
    static constexpr unsigned completions_max = 4096;
    static constexpr int wake_number = 3;
    static constexpr int listener = 4;

    explicit ReplayRing(Traffic const& traffic);

    // From now on nobody connects or sends, and what had not arrived yet never does.
    void end_traffic() noexcept;

    [[nodiscard]] Counts const& counts() const noexcept { return counts_; }

    void enter(unsigned wait_for, TimePoint deadline) noexcept override;
    void submit() noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override { return {}; }
    void poll_busily(std::chrono::nanoseconds duration) noexcept override { look_for_ = duration; }
    [[nodiscard]] Usage usage() noexcept override { return {.cpu_time = cpu_time_}; }
    void wake() noexcept override { woken_.store(true, std::memory_order_release); }
    [[nodiscard]] int wake_descriptor() const noexcept override { return wake_number; }
    [[nodiscard]] Address peer_address(int) noexcept override { return {}; }
    void stop_arrivals(int) noexcept override {}
    void set_up_outgoing(int, std::chrono::nanoseconds) noexcept override {}
    [[nodiscard]] int register_direct_descriptors(unsigned) noexcept override { return 0; }
    [[nodiscard]] int register_accept_range(unsigned) noexcept override { return 0; }
    [[nodiscard]] int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                           std::uint16_t group) noexcept override;
    void unregister_buffer_ring(std::uint16_t group) noexcept override;

private:
    // What is armed: 0 is no request's user_data.
    struct Armed {
        std::uint64_t user_data = 0;
        bool multishot = false;
    };

    struct Peer {
        Armed receive;
        std::uint32_t to_arrive = 0;    // bytes of its message that the program has not received
        std::uint32_t to_come_back = 0; // bytes of it that were not echoed
        bool finishes = false;          // its FIN follows
        bool waits = false;             // is in waiting_
    };

    void consume() noexcept;
    void issue(io_uring_sqe const& entry) noexcept;
    void receive(io_uring_sqe const& entry) noexcept;
    void send(io_uring_sqe const& entry) noexcept;
    void shut_down(io_uring_sqe const& entry) noexcept;
    void reset(io_uring_sqe const& entry) noexcept;
    void close(io_uring_sqe const& entry) noexcept;
    void cancel(io_uring_sqe const& entry) noexcept;
    [[nodiscard]] bool cancel(Armed& armed, std::uint64_t user_data) noexcept;

    void let_things_happen() noexcept;
    void connect_peers() noexcept;
    void arrive(Peer& peer) noexcept;
    void want_to_arrive(Peer& peer) noexcept;
    void send_next_message(Peer& peer) noexcept;

    [[nodiscard]] Peer& peer_of(io_uring_sqe const& entry) noexcept;
    [[nodiscard]] unsigned completions_ready() const noexcept;
    void post(std::uint64_t user_data, std::int32_t result, std::uint32_t flags = 0) noexcept;
    // An answer to what is armed: once it is over, nothing is.
    void answer(Armed& armed, std::int32_t result, std::uint32_t flags, bool more) noexcept;

    Traffic traffic_;
    Counts counts_;
    std::chrono::nanoseconds look_for_{0};
    std::chrono::nanoseconds cpu_time_{0};
    bool flows_ = true;

    std::vector<Peer> peers_;
    std::vector<std::uint32_t> waiting_; // peers whose bytes can arrive, oldest first: a ring
    std::uint32_t waiting_head_ = 0;
    std::uint32_t waiting_tail_ = 0;
    Armed accept_;
    bool accepts_direct_ = false;
    std::uint32_t connected_ = 0;
    Armed wake_;
    std::atomic<bool> woken_{false};

    io_uring_buf* buffers_ = nullptr; // the program's, shared
    std::uint16_t buffers_mask_ = 0;
    std::uint16_t buffers_head_ = 0;

    std::vector<io_uring_sqe> entries_;
    std::vector<io_uring_cqe> completions_;
    unsigned entries_head_ = 0;
    unsigned entries_flags_ = 0;
    unsigned completions_head_ = 0;
    unsigned completions_tail_ = 0;
};

} // namespace kodama::bench
