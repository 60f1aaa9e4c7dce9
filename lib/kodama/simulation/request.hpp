// What a simulated kernel keeps of the entries that it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <sys/uio.h>

#include <kodama/core/deadline.hpp>
#include <kodama/simulation/network.hpp>

namespace kodama::simulation {

// An entry that was taken, decoded: what is needed of it later.
struct Request {
    std::uint64_t user_data = 0;
    std::uint8_t opcode = 0;
    std::uint16_t group = 0;         // of a receive's buffers
    std::uint32_t length = 0;        // of a receive, at most; 0: what fits a buffer
    std::uint32_t message_flags = 0; // MSG_DONTWAIT
    std::uint64_t address = 0;       // where a read puts what it read; the target of a cancellation
    int descriptor = -1;             // of a close; the place for a socket that is made
    int error = 0;                   // that a connect will be told
    bool direct = false;             // it takes or closes a direct descriptor
    bool multishot = false;
    bool silent = false;             // a send that completes only where it is not all taken
    bool missed = false;             // an accept that a cancellation has left armed
    int listener = -1;               // of an accept
    ConnectionNumber connection = 0; // of everything that is about one
    std::vector<iovec> pieces{};     // of a send; copied, as the kernel does
    TimePoint ready_at = never;      // when it is tried again; never: it has to become ready first
    std::uint64_t sequence = 0;      // in the order of submission
};

// A result that is known and not yet told.
struct Answer {
    std::uint64_t user_data = 0;
    std::int32_t result = 0;
    TimePoint ready_at{};
    std::uint64_t sequence = 0;
    int closed_place = -1; // of the direct descriptors, which is free already
};

// A table of descriptors: what the kernel calls the process's files, or a ring's registered files.
// The place that was given back last is handed out first, which is what a stale completion would
// wish for.
class Descriptors {
public:
    explicit Descriptors(std::uint32_t count = 0, int first = 0);

    // From now on take() chooses among the first `count` places.
    void choose_among(std::uint32_t count);
    [[nodiscard]] std::optional<int> take(ConnectionNumber connection);
    // That place, which must be free.
    void take_place(int descriptor, ConnectionNumber connection);
    [[nodiscard]] std::optional<ConnectionNumber> at(int descriptor) const noexcept;
    void release(int descriptor) noexcept;
    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] bool full() const noexcept { return free_.empty(); }
    [[nodiscard]] int count() const noexcept { return static_cast<int>(places_.size()); }

private:
    int first_;
    int choice_; // take() chooses below this
    std::size_t used_ = 0;
    std::vector<std::optional<ConnectionNumber>> places_;
    std::vector<int> free_; // the last one is next
};

} // namespace kodama::simulation
