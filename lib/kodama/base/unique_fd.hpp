// A file descriptor with an owner.
#pragma once

#include <utility>

#include <unistd.h>

namespace kodama {

// Closes the descriptor that it owns. Moves, never copies; -1 is no descriptor.
class UniqueFd {
public:
    UniqueFd() noexcept = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release()); // Released first, so that moving to itself keeps the descriptor.
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

    // Gives up ownership without closing.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    // Closes what is owned and owns `fd` instead. What close() says is not looked at: the
    // descriptor is gone in any case, and trying again could close one that is somebody else's.
    void reset(int fd = -1) noexcept {
        int const old = std::exchange(fd_, fd);
        if (old >= 0) ::close(old);
    }

private:
    int fd_ = -1;
};

} // namespace kodama
