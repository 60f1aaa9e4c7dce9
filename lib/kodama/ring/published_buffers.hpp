// Which receive buffers the kernel has, as far as the program can know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kodama/ring/abi.hpp>
#include <kodama/ring/pending_requests.hpp>

namespace kodama {

// A buffer is the kernel's from the moment at which its publication is read until a completion
// brings it back. The kernel may have used it before that, but the program cannot know.
//
// Every function ends the process (protocol_violated) when what it is told must not be.
class PublishedBuffers {
public:
    void add_group(io_uring_buf const* entries, unsigned count, std::uint16_t group);
    void remove_group(std::uint16_t group);
    [[nodiscard]] bool has_group(std::uint16_t group) const noexcept;

    // Looks into the memory that is shared with the kernel for buffers published since. None of
    // them may be the kernel's already, or hold what a send in flight still reads.
    void read_new(PendingRequests const& in_flight);

    // A completion brings this buffer; returns its size. Must be the kernel's.
    [[nodiscard]] std::uint32_t take_back(std::uint16_t group, std::uint16_t id);

    // The send reads this memory. None of it may be the kernel's.
    void note_send(std::uint64_t address, std::uint64_t size, PendingRequest const& send);

private:
    struct Buffer {
        std::uint64_t address = 0;
        std::uint32_t size = 0;
        bool with_kernel = false;
        bool has_region = false;
        // The last send that read from it; whether that is still in flight is another question.
        std::uint64_t reader_user_data = 0;
        std::uint64_t reader_serial = 0;
    };

    struct Group {
        io_uring_buf const* entries;
        unsigned count;
        std::uint16_t number;
        std::uint16_t tail_seen;
        unsigned with_kernel;
        std::vector<Buffer> buffers; // by id
    };

    // The memory of a buffer that was published at some time and of which nothing else has been
    // since. Regions do not overlap and are in the order of their addresses.
    struct Region {
        std::uint64_t begin;
        std::uint64_t end;
        std::uint16_t group;
        std::uint16_t id;
    };
    using Regions = std::vector<Region>;

    void publish(Group& group, io_uring_buf const& entry, PendingRequests const& in_flight);
    void map(Group& group, std::uint16_t id);
    [[nodiscard]] Group& group_of(std::uint16_t number) noexcept;
    [[nodiscard]] Buffer& buffer_of(Region const& region) noexcept;
    [[nodiscard]] Regions::iterator first_region_that_ends_after(std::uint64_t address) noexcept;

    std::vector<Group> groups_;
    Regions regions_;
};

} // namespace kodama
