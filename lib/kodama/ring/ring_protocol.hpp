// What program and kernel may ask of and answer each other, checked on live traffic.
#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kodama/base/export.hpp>
#include <kodama/ring/abi.hpp>
#include <kodama/ring/pending_requests.hpp>
#include <kodama/ring/published_buffers.hpp>

namespace kodama {

// Is told of everything that passes between a program and a kernel, real or simulated, and ends the
// process when one of them breaks a rule. The program is this library: what the kernel would take
// but kodama has no use for is against the rules too.
//
//   the program   hands in only the kinds of entries that core/requests.cpp makes, well formed
//                 has no two requests with one user_data in flight, except two closes or two nops
//                 has at most one request of each kind in flight on a descriptor
//                 sends nothing after FIN or reset, and no FIN into a send
//                 does without the completion of a send only where that never waits
//                 closes a descriptor when nothing else is in flight on it, and uses it no more
//                 uses direct descriptors only as accept handed them out, or as it made them
//                 makes a socket only in a free place that accept does not choose from
//                 connects a socket that it made, once, and uses none that is not connected
//                 publishes no buffer that the kernel has or that a send in flight reads
//                 sends from no buffer that the kernel has
//   the kernel    completes only what is in flight, and again only what is multishot
//                 brings only buffers that it had, and data only in buffers
//                 reports no more than was asked for, and errors as errors
//                 does not complete a silent send that took all, nor later than the others
//                 hands out no descriptor that is in use, and none out of the range for accept
//
// It makes no system call and reads no clock.
// The simulator is linked with what is exported.
class RingProtocol {
public:
    // Connections are direct descriptors, or ordinary ones.
    KODAMA_EXPORT explicit RingProtocol(bool direct_descriptors);

    KODAMA_EXPORT void buffer_ring_registered(io_uring_buf const* entries, unsigned count,
                                              std::uint16_t group);
    KODAMA_EXPORT void buffer_ring_unregistered(std::uint16_t group);

    // Accept chooses among the first `count` direct descriptors.
    KODAMA_EXPORT void accept_range_registered(unsigned count);

    // Before entries are consumed or completions become visible: sees what was published since.
    KODAMA_EXPORT void entering();

    // The kernel consumes the entry: in order. What it points at must still be there.
    KODAMA_EXPORT void submitted(io_uring_sqe const& entry);

    // The program can see the completion: in order.
    KODAMA_EXPORT void completed(io_uring_cqe const& entry);

    // All entries were consumed, and the program can see every completion that there is for them.
    // A silent send that has none by now has taken everything, and is in flight no longer.
    KODAMA_EXPORT void caught_up();

    // Requests that have not had their last completion.
    [[nodiscard]] std::size_t in_flight() const { return pending_.size(); }

private:
    using Kind = PendingRequest::Kind;

    // What is known of one number. It becomes another socket's when accept hands it out again,
    // which may be seen before the completion of the close that gave it back.
    struct Descriptor {
        std::uint32_t incarnation = 0;
        std::uint16_t in_flight = 0; // a bit for each kind of request
        bool open = false;           // handed out by accept and not being closed
        bool closing = false;
        bool output_ended = false; // a FIN or a reset was submitted
        bool unconnected = false;  // a socket that the program made
    };
    using Descriptors = std::vector<Descriptor>;

    struct Silent {
        std::uint64_t user_data;
        std::uint64_t serial;
    };

    // --- what the program hands in
    void note_memory(io_uring_sqe const& entry, PendingRequest& request);
    void note_piece(std::uint64_t address, std::uint64_t size, PendingRequest& request);
    void begin_on_descriptor(PendingRequest& request);
    void begin_socket(PendingRequest const& request);
    void check_connected(Descriptor const& descriptor, PendingRequest const& request) const;

    // --- what the kernel answers
    void check_result(io_uring_cqe const& entry, PendingRequest const& request) const;
    void check_receive(io_uring_cqe const& entry, PendingRequest const& request);
    void hand_out(int descriptor, PendingRequest const& request);
    void end(PendingRequest const& request);

    [[nodiscard]] Descriptor& at(int number, bool direct);

    bool direct_descriptors_;
    int accept_range_ = INT_MAX; // direct descriptors from here on are not accept's
    std::uint64_t last_serial_ = 0;
    PendingRequests pending_;
    std::vector<Silent> silent_; // sends, each of them completed or in flight
    PublishedBuffers buffers_;
    Descriptors direct_;
    Descriptors ordinary_;
};

} // namespace kodama
