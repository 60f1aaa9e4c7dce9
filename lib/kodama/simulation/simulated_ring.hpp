// A kernel in memory, driven by a tape.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include <kodama/core/deadline.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/ring/ring.hpp>
#include <kodama/ring/ring_protocol.hpp>
#include <kodama/simulation/network.hpp>
#include <kodama/simulation/request.hpp>
#include <kodama/simulation/shared_buffers.hpp>
#include <kodama/simulation/sometimes.hpp>
#include <kodama/simulation/tape.hpp>

namespace kodama::simulation {

// What goes on beside the ring while its program sleeps: peers, and orders to the program.
class Outside {
public:
    virtual ~Outside() = default;
    // When something happens next; `never` if nothing does before the network changes.
    [[nodiscard]] virtual TimePoint next_event() const = 0;
    // Does everything that is due.
    virtual void run(TimePoint now) = 0;
};

// Sees the traffic, in order.
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void on_submitted(io_uring_sqe const& entry, TimePoint now) = 0;
    virtual void on_completed(io_uring_cqe const& entry, TimePoint now) = 0;
    // A silent send has taken everything, so the program is told nothing.
    virtual void on_silent_success(std::uint64_t user_data, TimePoint now) = 0;
};

// An io_uring instance as Linux 6.1 to 6.18 has it, for what this library asks of it: the entries
// are decoded from their 64 bytes and refused where the kernel refuses them, buffers are taken from
// the ring's shared memory, completions overflow. It follows the kernel where the kernel is
// definite, and the tape where it is not: see Choice.
//
// One enter() is
//
//   take the entries, each is tried at once ──done──▶ completion
//        ╰──would wait──▶ armed ──ready──▶ (late) ──▶ tried again, when the program waits
//   let the outside act, let time pass, until there are completions enough
//
// Left out, because the library does not use it: zero-copy sends, bundles, incremental buffers,
// links, drains, SQPOLL, receives without a buffer group.
//
// Threads: one, but for wake(). Its time is its own and starts at 0.
class SimulatedRing final : public Ring {
public:
    struct Setup {
        unsigned entries = 64;
        unsigned completions = 128;
        FeatureSet features = FeatureSet::all();
        std::uint32_t descriptors = 1024; // ordinary ones for connections
        Network::Windows windows{};       // of outgoing connections
        // Whether it asserts RingProtocol. Without, it refuses illegal entries as the kernel does.
        bool check_protocol = true;
    };

    SimulatedRing(Network& network, Tape& tape, Outside& outside, SometimesCounts& sometimes,
                  Setup const& setup);
    ~SimulatedRing() override;

    void enter(unsigned wait_for, TimePoint deadline) noexcept override;
    void submit() noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override { return now_; }
    void poll_busily(std::chrono::nanoseconds /*duration*/) noexcept override {}
    [[nodiscard]] Usage usage() noexcept override;
    void wake() noexcept override { wakes_.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] int wake_descriptor() const noexcept override { return wake_number; }
    [[nodiscard]] Address peer_address(int descriptor) noexcept override;
    void stop_arrivals(int listener) noexcept override;
    void set_up_outgoing(int descriptor, std::chrono::nanoseconds send_timeout) noexcept override;
    [[nodiscard]] int register_direct_descriptors(unsigned count) noexcept override;
    [[nodiscard]] int register_accept_range(unsigned count) noexcept override;
    [[nodiscard]] int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                           std::uint16_t group) noexcept override;
    void unregister_buffer_ring(std::uint16_t group) noexcept override;

    void watch(Watcher* watcher) noexcept { watcher_ = watcher; }

    // --- what a simulation asks to judge the program

    // enter() came back because nothing will ever happen again.
    [[nodiscard]] bool asleep_for_ever() const noexcept { return asleep_for_ever_; }
    // Buffers that are the kernel's or in completions that were not read yet.
    [[nodiscard]] std::size_t buffers_held() const noexcept;
    // Requests that wait for something, and so may still touch the program's memory.
    [[nodiscard]] std::size_t requests() const noexcept { return armed_.size(); }
    [[nodiscard]] std::size_t open_descriptors() const noexcept {
        return direct_.used() + ordinary_.used();
    }
    // Connections that were accepted and had to be closed at once, for there was no place.
    [[nodiscard]] std::uint64_t connections_dropped() const noexcept {
        return connections_dropped_;
    }
    // How much time passed in jumps, while nothing could happen.
    [[nodiscard]] Duration jumped() const noexcept { return jumped_; }
    // Grows with everything that is not the program going round: bytes, time, connections, faults.
    [[nodiscard]] std::uint64_t progress() const noexcept { return progress_; }

private:
    static constexpr int wake_number = 3; // the descriptor that wake() is read from

    // --- simulated_ring.cpp: entering, time, the queues
    void pass_time() noexcept;
    bool consume() noexcept;
    void wait(unsigned wait_for, TimePoint deadline) noexcept;
    void run_deferred(unsigned limit) noexcept;
    [[nodiscard]] TimePoint next_ready() noexcept;
    [[nodiscard]] unsigned completions_ready() const noexcept;
    void post(std::uint64_t user_data, std::int32_t result, std::uint32_t flags) noexcept;
    [[nodiscard]] bool post_more(std::uint64_t user_data, std::int32_t result,
                                 std::uint32_t flags) noexcept;
    void place(io_uring_cqe const& completion) noexcept;
    void flush_overflow() noexcept;
    void note_overflow() noexcept;
    void returning() noexcept;

    // --- simulated_entry.cpp: what an entry asks for, and whether it may
    void issue(io_uring_sqe const& entry) noexcept;
    [[nodiscard]] int prepare(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_accept(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_receive(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_send(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_socket(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_connect(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int prepare_close(io_uring_sqe const& entry, Request& request) noexcept;
    [[nodiscard]] int find_socket(io_uring_sqe const& entry, Request& request) noexcept;

    // --- simulated_operations.cpp: trying a request; true when it is over
    [[nodiscard]] bool ready(Request const& request) noexcept;
    [[nodiscard]] bool attempt(Request& request, bool inline_attempt) noexcept;
    [[nodiscard]] bool accept(Request& request) noexcept;
    [[nodiscard]] std::int32_t accept_one(Request& request) noexcept;
    [[nodiscard]] bool receive(Request& request, bool inline_attempt) noexcept;
    [[nodiscard]] bool receive_piece(Request& request, bool& go_on) noexcept;
    [[nodiscard]] std::int32_t read_end(Socket& socket) noexcept;
    [[nodiscard]] bool send(Request& request) noexcept;
    void end_send(Request const& request, std::int32_t result) noexcept;
    [[nodiscard]] bool read_wake(Request& request) noexcept;

    // --- simulated_outgoing.cpp: making sockets, connecting them
    void make_socket(Request& request) noexcept;
    void begin_to_connect(Request& request) noexcept;
    [[nodiscard]] int answer_of(std::uint64_t address) noexcept;
    void end_connect(Request const& request) noexcept;

    // --- simulated_control.cpp: shutting down, resetting, closing, cancelling
    void shut_down(Request& request) noexcept;
    void reset(Request& request) noexcept;
    void close(Request& request) noexcept;
    void cancel(Request& request) noexcept;
    void answer_later(Request const& request, std::int32_t result, Duration delay) noexcept;
    [[nodiscard]] Duration delay_of(Choice choice, Subject subject) noexcept;

    [[nodiscard]] Socket& socket_of(Request const& request) noexcept {
        return network_.socket(request.connection);
    }

    Network& network_;
    Tape& tape_;
    Outside& outside_;
    SometimesCounts& sometimes_;
    FeatureSet features_;
    Network::Windows outgoing_windows_;
    Duration send_timeout_{}; // of outgoing connections; 0: the kernel's own
    std::optional<RingProtocol> protocol_;
    Watcher* watcher_ = nullptr;

    // The memory that is shared with the program.
    std::vector<io_uring_sqe> entries_;
    std::vector<io_uring_cqe> completions_;
    unsigned entries_head_ = 0;
    unsigned entries_tail_ = 0;
    unsigned entries_flags_ = 0;
    unsigned completions_head_ = 0;
    unsigned completions_tail_ = 0;
    std::deque<io_uring_cqe> overflow_;

    std::vector<Request> armed_;  // wait for something to become ready, oldest first
    std::vector<Answer> answers_; // have their result, and wait to be told
    std::vector<SharedBuffers> groups_;
    Descriptors direct_;
    Descriptors ordinary_;
    bool direct_registered_ = false;

    TimePoint now_{};
    TimePoint cpu_time_asked_{};
    Duration cpu_time_{}; // until then
    Duration jumped_{};
    std::atomic<unsigned> wakes_{0};
    bool asleep_for_ever_ = false;
    std::uint64_t connections_dropped_ = 0;
    std::uint64_t progress_ = 0;
    std::uint64_t sequence_ = 0;
};

} // namespace kodama::simulation
