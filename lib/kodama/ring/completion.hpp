// What came back from the kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <kodama/base/ids.hpp>
#include <kodama/ring/abi.hpp>

namespace kodama {

// The bytes of an io_uring_cqe; only the two facts that are easily forgotten became functions.
struct Completion {
    std::uint64_t user_data;
    std::int32_t result; // a count or a descriptor, or a negative errno
    std::uint32_t flags;

    // The operation is still armed and will complete again.
    [[nodiscard]] bool more() const noexcept { return (flags & IORING_CQE_F_MORE) != 0; }

    // The buffer that it carries, whatever the result is: it is ours now. Linux 6.1 sends one along
    // with EAGAIN.
    [[nodiscard]] std::optional<BufferId> buffer() const noexcept {
        if ((flags & IORING_CQE_F_BUFFER) == 0) return std::nullopt;
        return BufferId{static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT)};
    }
};

static_assert(sizeof(Completion) == sizeof(io_uring_cqe));
static_assert(offsetof(Completion, user_data) == offsetof(io_uring_cqe, user_data));
static_assert(offsetof(Completion, result) == offsetof(io_uring_cqe, res));
static_assert(offsetof(Completion, flags) == offsetof(io_uring_cqe, flags));

} // namespace kodama
