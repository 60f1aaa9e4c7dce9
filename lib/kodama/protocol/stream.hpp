// What a connection's coroutine may do: the connection, with calls that are awaited.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <kodama/base/export.hpp>
#include <kodama/core/buffer.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/core/send_queue.hpp>

namespace kodama {

// What a coroutine's session and its streams share. Internal.
class KODAMA_EXPORT StreamState {
public:
    // The memory of the coroutine's frame, for which it asks once.
    struct Frame {
        std::span<std::byte> memory;
        std::size_t wanted = 0; // bytes, that it asked for

        [[nodiscard]] void* take(std::size_t size) noexcept {
            wanted = size;
            return size <= memory.size() ? memory.data() : nullptr;
        }
    };

    // What a suspended coroutine waits for. `ready` tries it again.
    struct Wait {
        std::coroutine_handle<> coroutine;
        void* operation = nullptr;
        bool (*ready)(void* operation, StreamState& state) noexcept = nullptr;
        bool reads = false;
        bool timed = false; // the timer runs for it
    };

    StreamState(std::span<std::byte> frame_memory, std::span<char> read_memory) noexcept
        : frame{.memory = frame_memory}, gathered_(read_memory) {}
    StreamState(StreamState const&) = delete;
    StreamState& operator=(StreamState const&) = delete;
    ~StreamState();

    // --- for the session: what happens
    void begin(Connection& connection, std::coroutine_handle<> coroutine);
    void arrived(Buffer&& buffer);
    void peer_finished();
    void try_again(); // there is room, or whatever else it may wait for
    void time_over();
    void end() noexcept;

    // --- for operations
    void begin_read() noexcept;
    void suspend(Wait const& what, std::chrono::nanoseconds within) noexcept;
    // The first buffer that nobody has read; empty when there is none.
    [[nodiscard]] Buffer pop() noexcept;
    // Goes on with a read of `size` bytes, or up to and with `delimiter`. Whether it is over.
    [[nodiscard]] bool read_exactly(std::size_t size,
                                    std::optional<std::string_view>& found) noexcept;
    [[nodiscard]] bool read_until(char delimiter, std::size_t max,
                                  std::optional<std::string_view>& found) noexcept;

    Frame frame;
    Connection* connection = nullptr;
    Wait wait;
    bool finished = false; // the peer has
    bool late = false;     // the last wait has run into its deadline

private:
    void resume(std::coroutine_handle<> coroutine);
    [[nodiscard]] std::string_view front() const noexcept;
    // Takes the next `count` bytes of the front as the read's next; `whole` ends it.
    [[nodiscard]] std::string_view gather(std::size_t count, bool whole) noexcept;

    SendQueue input_;          // what has arrived and was not read
    std::span<char> gathered_; // memory for what is read across buffers
    std::size_t kept_ = 0;     // bytes in there
    std::size_t used_ = 0;     // bytes of the front of input_ that the last read gave out
    bool paused_ = false;      // the connection does not receive
};

// What `co_await` takes: tries `Operation`, and where that has to wait, whenever something happens.
template <class Operation> class [[nodiscard]] Awaitable {
public:
    Awaitable(StreamState& state, Operation&& operation, std::chrono::nanoseconds within) noexcept
        : state_(state), operation_(std::move(operation)), within_(within) {}
    Awaitable(Awaitable const&) = delete;
    Awaitable& operator=(Awaitable const&) = delete;

    [[nodiscard]] bool await_ready() noexcept {
        state_.late = false;
        if constexpr (Operation::reads) state_.begin_read();
        return operation_.ready(state_);
    }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept {
        state_.suspend({.coroutine = coroutine,
                        .operation = &operation_,
                        .ready =
                            [](void* operation, StreamState& state) noexcept {
                                return static_cast<Operation*>(operation)->ready(state);
                            },
                        .reads = Operation::reads},
                       within_);
    }
    auto await_resume() noexcept { return std::move(operation_.result); }

private:
    StreamState& state_;
    Operation operation_;
    std::chrono::nanoseconds within_;
};

// The connection of a coroutine: a handle, to be passed by value. One call at a time is awaited.
//
// Nothing here fails: where a call cannot come to its end because the connection is over, or is
// coming to its end and sends no more, it does not return, and the coroutine is destroyed with the
// connection. What arrives while nobody reads is kept in its receive buffers, and the peer stops
// being read; so a coroutine should not hold what it was given for long.
//
// Lifetime: the coroutine's. Threads: its worker's.
class Stream {
    struct Receive {
        static constexpr bool reads = true;
        bool ready(StreamState& state) noexcept {
            result = state.pop();
            return !result.empty() || state.finished;
        }
        Buffer result;
    };
    struct ReadExactly {
        static constexpr bool reads = true;
        bool ready(StreamState& state) noexcept { return state.read_exactly(size, result); }
        std::size_t size;
        std::optional<std::string_view> result;
    };
    struct ReadUntil {
        static constexpr bool reads = true;
        bool ready(StreamState& state) noexcept { return state.read_until(delimiter, max, result); }
        char delimiter;
        std::size_t max;
        std::optional<std::string_view> result;
    };
    struct Send {
        static constexpr bool reads = false;
        bool ready(StreamState& state) noexcept {
            return result = state.connection->send(std::move(buffer));
        }
        Buffer buffer;
        bool result = false;
    };
    struct SendCopy {
        static constexpr bool reads = false;
        bool ready(StreamState& state) noexcept {
            return result = state.connection->send_copy(bytes);
        }
        std::span<std::byte const> bytes;
        bool result = false;
    };

    struct Sleep {
        static constexpr bool reads = false;
        bool ready(StreamState&) noexcept { return false; } // only the timer ends it
        bool result = true;
    };

public:
    // How long to wait, or to sleep.
    using Duration = std::chrono::nanoseconds;
    // Without a deadline.
    static constexpr Duration forever = Duration::max();

    // For Coroutine.
    explicit Stream(StreamState& state) noexcept : state_(&state) {}

    // The next bytes, in the memory that the kernel received them into; empty once the peer has
    // finished, or when nothing came within that time.
    [[nodiscard]] Awaitable<Receive> receive(Duration within = forever) noexcept {
        return {*state_, {}, within};
    }

    // The next `size` bytes; or nothing, and what came of them is dropped: the peer finished
    // before, they did not come within that time, or `size` is more than CoroutineMemory::reads.
    // What it returns is valid until the next read; it is where it was received if it lies in one
    // buffer.
    [[nodiscard]] Awaitable<ReadExactly> read_exactly(std::size_t size,
                                                      Duration within = forever) noexcept {
        return {*state_, {.size = size, .result = {}}, within};
    }

    // The bytes before the next `delimiter`, which is taken too; or nothing, as above: the peer
    // finished before it came, it did not come within that time, or more than `max` bytes come
    // before it. `max` is less than CoroutineMemory::reads, or taken as one less than that.
    [[nodiscard]] Awaitable<ReadUntil> read_until(char delimiter, std::size_t max,
                                                  Duration within = forever) noexcept {
        return {*state_, {.delimiter = delimiter, .max = max, .result = {}}, within};
    }

    // Connection::send() and send_copy(), as soon as there is room: true, or false when there was
    // none within that time. `bytes` must stay until then.
    Awaitable<Send> send(Buffer&& buffer, Duration within = forever) noexcept {
        return {*state_, {.buffer = std::move(buffer)}, within};
    }
    // The same for bytes that are the caller's.
    Awaitable<SendCopy> send_copy(std::span<std::byte const> bytes,
                                  Duration within = forever) noexcept {
        return {*state_, {.bytes = bytes}, within};
    }
    // The same for text.
    Awaitable<SendCopy> send_copy(std::string_view text, Duration within = forever) noexcept {
        return send_copy(std::as_bytes(std::span(text)), within);
    }

    // Goes on when the time has passed, never earlier.
    Awaitable<Sleep> sleep(Duration duration) noexcept { return {*state_, {}, duration}; }

    // Why the last call that was awaited brought nothing: the peer has sent FIN and all of it was
    // read; or late(), its time was over. Neither: the limit.
    [[nodiscard]] bool peer_finished() const noexcept { return state_->finished; }
    // Its time was over.
    [[nodiscard]] bool late() const noexcept { return state_->late; }

    // The connection itself, for what need not be awaited: finish(), close(), abort(), peer(), and
    // sends that may be refused. Its timer is the stream's.
    [[nodiscard]] Connection& connection() const noexcept { return *state_->connection; }

private:
    friend class Task;

    StreamState* state_;
};

} // namespace kodama
