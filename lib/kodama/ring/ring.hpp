// The seam between the library and the kernel.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <kodama/base/address.hpp>
#include <kodama/base/assert.hpp>
#include <kodama/ring/abi.hpp>
#include <kodama/ring/completion.hpp>

namespace kodama {

// A ring is memory; only entering it is a call. Entries are handed out and completions read inline,
// without a virtual call; virtual is what is rare. `core` does not know which ring it has.
//
// Threads: all calls by the thread that made the ring, but for wake().
class Ring {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    // The user_data of questions that the ring asks for itself; visit() passes over them.
    static constexpr std::uint64_t own_user_data = 0;

    Ring(Ring const&) = delete;
    Ring& operator=(Ring const&) = delete;
    virtual ~Ring() = default;

    // --- memory

    // A zeroed entry that the next enter() or submit() hands over; null when the queue is full.
    [[nodiscard]] io_uring_sqe* next_entry() noexcept {
        if (submission_.tail - load_acquire(submission_.kernel_head) > submission_.mask) {
            return nullptr;
        }
        io_uring_sqe* const entry = &submission_.entries[submission_.tail & submission_.mask];
        ++submission_.tail;
        *entry = {};
        return entry;
    }

    // Whether every entry handed out has been submitted.
    [[nodiscard]] bool all_submitted() const noexcept {
        return submission_.tail == load_acquire(submission_.kernel_head);
    }

    // Whether there are completions that the queue has no room for; the next enter() brings them
    // once some are visited.
    [[nodiscard]] bool overflowing() const noexcept {
        return (load_acquire(submission_.kernel_flags) & IORING_SQ_CQ_OVERFLOW) != 0;
    }

    // Whether all that can be said of the entries handed out so far lies in the completion queue:
    // of a send that completes only where it fails, that it did. To be asked before a visit about
    // what the visit will have shown.
    [[nodiscard]] bool caught_up() const noexcept { return all_submitted() && !overflowing(); }

    // Hands each completion that is there to `visitor(Completion const&)`, oldest first, and
    // gives its place back; returns how many there were. Those that appear meanwhile are for the
    // next visit. The visitor may take entries and submit.
    template <class Visitor> unsigned visit(Visitor&& visitor) noexcept {
        unsigned const head = *completion_.kernel_head;
        unsigned const tail = load_acquire(completion_.kernel_tail);
        for (unsigned i = head; i != tail; ++i) {
            io_uring_cqe const& entry = completion_.entries[i & completion_.mask];
            Completion const completion{entry.user_data, entry.res, entry.flags};
            if (completion.user_data != own_user_data) visitor(completion);
        }
        store_release(completion_.kernel_head, tail);
        return tail - head;
    }

    // --- calls

    // Submits every entry handed out, then waits until `wait_for` completions are there or the
    // deadline has passed (TimePoint::max(): no deadline). May return earlier, and with entries
    // left to submit: the caller looks at what there is and comes back.
    virtual void enter(unsigned wait_for, TimePoint deadline) noexcept = 0;

    // Submits every entry handed out and does not wait. Makes room when next_entry() is null.
    virtual void submit() noexcept = 0;

    // The only clock.
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;

    // From now on, an enter() that waits for one completion looks for it for so long before it
    // sleeps; 0, as at the beginning: it sleeps at once.
    virtual void poll_busily(std::chrono::nanoseconds duration) noexcept = 0;

    // What this thread has used of its core.
    struct Usage {
        std::chrono::nanoseconds cpu_time{}; // in user space and in the kernel
        std::chrono::nanoseconds looking{};  // about so much of it, for something to do
        std::uint64_t preemptions = 0;       // times it had to make way for another thread
    };
    [[nodiscard]] virtual Usage usage() noexcept = 0;

    // From any thread: a read of wake_descriptor() completes, now or when it is next submitted.
    virtual void wake() noexcept = 0;
    [[nodiscard]] virtual int wake_descriptor() const noexcept = 0;

    // Where the peer of a connection is; unspecified when it has gone. `descriptor` is a direct
    // descriptor where the ring has a table of them.
    [[nodiscard]] virtual Address peer_address(int descriptor) noexcept = 0;

    // From now on no new connection is completed on the listening socket; those in its queue can
    // still be accepted. Packets for it are dropped, so clients are neither served nor refused
    // until it is closed.
    virtual void stop_arrivals(int listener) noexcept = 0;

    // Makes a socket that is not connected yet behave as accepted ones do, which have it from their
    // listening socket: what is sent goes out at once (TCP_NODELAY), and a peer that acknowledges
    // nothing for `send_timeout` is lost (TCP_USER_TIMEOUT; 0: the system's own limit), also one
    // that does not answer the attempt to connect. Best effort: without it, the system's own
    // behaviour is what there is.
    virtual void set_up_outgoing(int descriptor,
                                 std::chrono::nanoseconds send_timeout) noexcept = 0;

    // --- registrations; each returns 0 or a negative errno

    [[nodiscard]] virtual int register_direct_descriptors(unsigned count) noexcept = 0;
    // The same; throws SetupError.
    void require_direct_descriptors(unsigned count);
    // Where the kernel may choose a direct descriptor, it chooses one of the first `count`: the
    // others are for sockets that are made in a place that the program names.
    [[nodiscard]] virtual int register_accept_range(unsigned count) noexcept = 0;
    // The same; throws SetupError.
    void require_accept_range(unsigned count);
    [[nodiscard]] virtual int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                                   std::uint16_t group) noexcept = 0;
    virtual void unregister_buffer_ring(std::uint16_t group) noexcept = 0;

protected:
    Ring() noexcept = default;

    // The kernel's side of each queue is shared memory: `tail` of the submission queue is published
    // by the call that enters.
    struct SubmissionQueue {
        io_uring_sqe* entries = nullptr;
        unsigned* kernel_head = nullptr;
        unsigned* kernel_tail = nullptr;
        unsigned* kernel_flags = nullptr;
        unsigned mask = 0;
        unsigned tail = 0;
    };
    struct CompletionQueue {
        io_uring_cqe* entries = nullptr;
        unsigned* kernel_head = nullptr;
        unsigned* kernel_tail = nullptr;
        unsigned mask = 0;
    };

    [[nodiscard]] static unsigned load_acquire(unsigned* shared) noexcept {
        return std::atomic_ref<unsigned>(*shared).load(std::memory_order_acquire);
    }
    static void store_release(unsigned* shared, unsigned value) noexcept {
        std::atomic_ref<unsigned>(*shared).store(value, std::memory_order_release);
    }

    SubmissionQueue submission_;
    CompletionQueue completion_;
};

} // namespace kodama
