// What other threads want done to a worker's connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <kodama/base/ids.hpp>
#include <kodama/core/shared_bytes.hpp>
#include <kodama/ring/ring.hpp>

namespace kodama {

class Worker;

// One thing to do to one connection.
struct Errand {
    enum class Kind : std::uint8_t { send, send_copy, close, abort } kind = Kind::close;
    Slot slot{};
    Generation generation{};
    SharedBytes shared{};               // of a send
    std::span<std::byte const> bytes{}; // of a send_copy
};

// Many put errands in, one worker takes them out. Two trays of fixed size, allocated once: one is
// filled under a lock while the worker empties the other, so nobody holds the lock for longer than
// it takes to copy what is to be sent, and the worker only for a swap.
//
// Threads: put() from any; the rest from the worker's. It may outlive its worker.
class Inbox {
public:
    // `errands` and `bytes` (of send_copy) are what one tray takes.
    Inbox(Worker* worker, Ring& ring, std::uint32_t errands, std::size_t bytes);
    Inbox(Inbox const&) = delete;
    Inbox& operator=(Inbox const&) = delete;
    ~Inbox() = default;

    // The worker, when the calling thread is its own; otherwise, and when it is gone, null.
    [[nodiscard]] Worker* worker_here() const noexcept {
        return std::this_thread::get_id() == owner_ ? worker_ : nullptr;
    }

    // Copies the bytes of a send_copy. False, and nothing is done, when there is no room or no
    // worker. Wakes the worker unless it has been since it last looked.
    [[nodiscard]] bool put(Errand&& errand) noexcept;

    // What was put in until now; valid until the next call. Between a put() and the call that
    // returns what it put in, the worker is woken once.
    [[nodiscard]] std::span<Errand> take() noexcept;

    // The worker ends: what is left is forgotten, and nothing is taken any more.
    void close() noexcept;

private:
    struct Tray {
        std::vector<Errand> errands; // never more than reserved
        std::unique_ptr<std::byte[]> bytes;
        std::size_t bytes_used = 0;
    };

    std::thread::id owner_ = std::this_thread::get_id();
    Worker* worker_; // the owner's alone
    std::uint32_t errands_max_;
    std::size_t bytes_max_;

    std::mutex mutex_; // for all that follows
    Ring* ring_;       // null when it is closed
    bool woken_ = false;
    Tray trays_[2];
    unsigned filling_ = 0;
};

} // namespace kodama
