#include <kodama/simulation/shared_buffers.hpp>

#include <atomic>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

std::uint16_t SharedBuffers::available() const noexcept {
    std::uint16_t const tail =
        std::atomic_ref<std::uint16_t>(entries_[0].resv).load(std::memory_order_acquire);
    auto const count = static_cast<std::uint16_t>(tail - head_);
    KODAMA_ASSERT(count <= mask_ + 1); // more were published than the ring holds
    return count;
}

io_uring_buf SharedBuffers::take() noexcept {
    KODAMA_ASSERT(available() > 0);
    io_uring_buf const buffer = front();
    ++head_;
    return buffer;
}

} // namespace kodama::simulation
