// How many connections the limit of descriptors allows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kodama {

// Raises the soft limit (RLIMIT_NOFILE) to the hard one and returns it.
std::uint64_t raise_descriptor_limit() noexcept;

struct DescriptorUsers {
    std::size_t workers;
    std::size_t listeners; // of each worker
};

// What the process needs beside its connections: rings, wake descriptors, listening sockets,
// standard streams, and a few more.
[[nodiscard]] std::uint64_t descriptors_beside(DescriptorUsers const& users) noexcept;

// `wanted`, or less where `limit` does not allow it, but at least one for each worker. Direct
// descriptors are no descriptors of the process, but their table is held to the same limit.
[[nodiscard]] std::uint32_t connections_within(std::uint64_t limit, DescriptorUsers const& users,
                                               std::uint32_t wanted) noexcept;

} // namespace kodama
