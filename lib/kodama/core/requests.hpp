// What a worker asks the kernel for: the only place in `core` where an entry is filled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

#include <kodama/base/address.hpp>
#include <kodama/base/ids.hpp>
#include <kodama/core/token.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

// How a send treats a peer that does not read fast enough.
enum class SendPatience : std::uint8_t {
    none,    // takes what fits now; "nothing yet" if that is nothing
    silent,  // as none; where all of it fits, there is no completion
    patient, // waits until something fits
};

// Each function queues one entry; the next enter() submits them all, in order. When the queue is
// full, it is submitted on the spot, so no caller has to ask. A descriptor is a direct one where
// `features` has them.
class Requests {
public:
    // As many pieces of memory as one send takes.
    static constexpr std::size_t vectors_max = 64;

    Requests(Ring& ring, FeatureSet features);

    // Listening sockets are ordinary descriptors.
    void accept_many(int listener, Token token) noexcept;
    void accept_one(int listener, Token token) noexcept;
    void close_listener(int listener, Token token) noexcept;

    // From buffers of `group`. The first kind goes on until it ends; the others bring one message.
    void receive_many(int descriptor, std::uint16_t group, Token token) noexcept;
    void receive_one(int descriptor, std::uint16_t group, Token token) noexcept;
    void receive_arrived(int descriptor, std::uint16_t group, Token token) noexcept;

    // The memory must stay until the completion, the vectors need not. 1 to vectors_max of them.
    // A silent send that has no completion among those visited after Ring::caught_up() is over.
    // Returns how many bytes the send covers: less than all only when the kernel takes no entries.
    std::size_t send(int descriptor, std::span<iovec const> vectors, SendPatience patience,
                     Token token) noexcept;

    // A TCP socket, which is connected to nobody yet; in that place where there are direct
    // descriptors. Brings 0 then, or the descriptor.
    void make_socket(AddressFamily family, Slot place, Token token) noexcept;
    void connect(int descriptor, Address const& to, Token token) noexcept;

    void shut_down(int descriptor, Token token) noexcept; // FIN
    void reset(int descriptor, Token token) noexcept;     // RST
    void close(int descriptor, Token token) noexcept;

    // `target` is the token of what is to be cancelled.
    void cancel(Token target, Token token) noexcept;

    // Completes, and that is all.
    void nothing(Token token) noexcept;

    // Completes after Ring::wake().
    void wait_for_wake(Token token) noexcept;

    // To be told after each enter(): what the submitted entries pointed at is free again.
    void entered() noexcept {
        if (ring_.all_submitted()) messages_used_ = addresses_used_ = 0;
    }

private:
    // A sendmsg's arguments, which the kernel reads when the entry is submitted.
    struct Message {
        msghdr header{};
        std::array<iovec, vectors_max> vectors{};
    };

    [[nodiscard]] io_uring_sqe& entry(std::uint8_t opcode, int fd, Token token) noexcept;
    [[nodiscard]] io_uring_sqe& entry_for_connection(std::uint8_t opcode, int descriptor,
                                                     Token token) noexcept;
    [[nodiscard]] io_uring_sqe& accept(int listener, Token token) noexcept;
    [[nodiscard]] io_uring_sqe& receive(int descriptor, std::uint16_t group, Token token) noexcept;
    void submit_now() noexcept;

    Ring& ring_;
    bool direct_;
    std::size_t messages_used_ = 0;
    std::vector<Message> messages_;
    std::size_t addresses_used_ = 0;
    std::array<sockaddr_storage, 16> addresses_; // that a connect in this batch is to
    std::uint64_t wakes_ = 0; // what the read of the wake descriptor is written to
};

} // namespace kodama
