// The real ring.
#pragma once

#include <chrono>

#include <liburing.h>

#include <kodama/base/unique_fd.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

// An io_uring instance of the kernel, set up through liburing and entered directly.
class KernelRing final : public Ring {
public:
    struct Setup {
        // Of the submission queue. They are filled in turn, so a longer queue is colder memory. A
        // turn that needs more submits in between, which is one more call for as many entries.
        unsigned entries = 128;
        unsigned completions = 4096; // of the completion queue; halved while memory does not allow
        FeatureSet features;         // what to use, as found by trying (Capabilities)
    };

    // Throws SetupError.
    explicit KernelRing(Setup const& setup);
    ~KernelRing() override;

    void enter(unsigned wait_for, TimePoint deadline) noexcept override;
    void submit() noexcept override;
    [[nodiscard]] TimePoint now() const noexcept override;
    void poll_busily(std::chrono::nanoseconds duration) noexcept override;
    [[nodiscard]] Usage usage() noexcept override;
    void wake() noexcept override;
    [[nodiscard]] int wake_descriptor() const noexcept override;
    [[nodiscard]] Address peer_address(int descriptor) noexcept override;
    void stop_arrivals(int listener) noexcept override;
    void set_up_outgoing(int descriptor, std::chrono::nanoseconds send_timeout) noexcept override;
    [[nodiscard]] int register_direct_descriptors(unsigned count) noexcept override;
    [[nodiscard]] int register_accept_range(unsigned count) noexcept override;
    [[nodiscard]] int register_buffer_ring(io_uring_buf* entries, unsigned count,
                                           std::uint16_t group) noexcept override;
    void unregister_buffer_ring(std::uint16_t group) noexcept override;

private:
    void map_queues() noexcept;
    [[nodiscard]] unsigned publish_entries() noexcept;
    void call(unsigned wait_for, TimePoint deadline) noexcept;
    [[nodiscard]] bool has_completions() const noexcept;
    [[nodiscard]] bool work_waits() const noexcept;
    [[nodiscard]] bool look(TimePoint deadline) noexcept;
    [[nodiscard]] int install_descriptor(int descriptor) noexcept;
    [[nodiscard]] int ordinary(int descriptor, UniqueFd& installed) noexcept;

    io_uring ring_{};
    UniqueFd wake_;
    unsigned enter_flags_ = 0;
    bool direct_ = false;
    std::chrono::nanoseconds busy_poll_{0};
    std::chrono::nanoseconds looked_{0}; // in all
};

// The flags that a ring with these features is set up with.
[[nodiscard]] unsigned setup_flags(FeatureSet features) noexcept;

} // namespace kodama
