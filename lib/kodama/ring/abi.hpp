// What newer kernels have and the headers of liburing 2.3 do not, under names of our own: many of
// liburing's are enumerators, which the preprocessor cannot ask for.
#pragma once

#include <cstddef>
#include <cstdint>

#include <linux/time_types.h> // which liburing 2.3 forgets

#include <liburing/io_uring.h>

namespace kodama::abi {

inline constexpr std::uint8_t op_fixed_fd_install = 54;      // Linux 6.8
inline constexpr std::uint32_t enter_no_iowait = 1u << 7;    // Linux 6.15
inline constexpr std::uint32_t feature_no_iowait = 1u << 17; // Linux 6.15

static_assert(sizeof(io_uring_sqe) == 64);
static_assert(sizeof(io_uring_cqe) == 16);
static_assert(sizeof(io_uring_buf) == 16);
static_assert(sizeof(io_uring_buf_reg) == 40);
static_assert(sizeof(io_uring_getevents_arg) == 24);
static_assert(offsetof(io_uring_sqe, user_data) == 32);
static_assert(offsetof(io_uring_buf, resv) == 14, "the tail of a buffer ring overlays it");

} // namespace kodama::abi
