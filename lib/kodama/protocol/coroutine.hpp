// Sessions that are coroutines.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <kodama/core/buffer.hpp>
#include <kodama/core/close_reason.hpp>
#include <kodama/core/connection.hpp>
#include <kodama/protocol/stream.hpp>
#include <kodama/protocol/task.hpp>

namespace kodama {

// Bytes that each connection sets aside for its coroutine.
struct CoroutineMemory {
    std::size_t frame = 1024; // parameters, locals across `co_await`, what the compiler adds
    std::size_t reads = 4096; // the longest read_exactly() and read_until()
};

// The second parameter of a connection's coroutine, for those that have one. Internal.
template <class Shared> std::type_identity<Shared> shared_of(Task (*)(Stream, Shared&));
// For those that have none. Internal.
std::type_identity<void> shared_of(Task (*)(Stream));

// A session that is a coroutine, one for each connection:
//
//   kodama::Task echo(kodama::Stream stream) {
//       while (true) {
//           kodama::Buffer buffer = co_await stream.receive();
//           if (buffer.empty()) co_return; // the peer has finished
//           co_await stream.send(std::move(buffer));
//       }
//   }
//   kodama::Server<kodama::Coroutine<echo>> server{{.listen = {"localhost:7"}}};
//
// One that shares an object with all others takes it second, `Task chat(Stream stream, Room&
// room)`, and the server is made with it: `Server<Coroutine<chat>> server{options, room}`
// (server.hpp).
//
// How large a frame is, only the compiler knows; making the Server throws OptionError, which says
// how much it is, when it is more than `memory.frame`. stream.hpp says what a coroutine can await,
// task.hpp when it begins and ends.
template <auto function, CoroutineMemory memory = CoroutineMemory{}> class Coroutine {
    static_assert(
        requires { shared_of(+function); },
        "a coroutine of a connection is kodama::Task function(kodama::Stream), or one with a "
        "reference to what it shares as second parameter");
    static_assert(memory.frame > 0 && memory.reads > 0);

    using Shared = typename decltype(shared_of(+function))::type;
    static constexpr bool shares = !std::is_void_v<Shared>;

public:
    // Leaves its memory as it is: it is not read before it is written.
    Coroutine() noexcept
        requires(!shares)
        : state_(frame_, reads_) {}
    // For a coroutine that shares an object with all others.
    template <class T>
        requires std::convertible_to<T*, Shared*> && shares
    explicit Coroutine(T& shared) noexcept : state_(frame_, reads_), shared_(&shared) {}
    Coroutine(Coroutine const&) = delete;
    Coroutine& operator=(Coroutine const&) = delete;
    ~Coroutine() = default;

    void on_open(Connection& connection) {
        if constexpr (shares) {
            task_.emplace(function(Stream(state_), *shared_));
        } else {
            task_.emplace(function(Stream(state_)));
        }
        if (!task_->handle()) return connection.abort(); // told when the server was made
        state_.begin(connection, task_->handle());
    }
    void on_receive(Connection& /*connection*/, Buffer buffer) {
        state_.arrived(std::move(buffer));
    }
    void on_writable(Connection& /*connection*/) { state_.try_again(); }
    void on_timer(Connection& /*connection*/) { state_.time_over(); }
    void on_peer_finished(Connection& /*connection*/) { state_.peer_finished(); }
    void on_close(CloseReason /*reason*/) {
        task_.reset();
        state_.end();
    }

    // Why no server can be made of it and what it shares; empty where one can.
    template <class... T> [[nodiscard]] static std::string start_error(T&... shared) {
        // Asks for a frame that it does not get, so it does not run. Through a pointer that the
        // compiler knows nothing of, or it might find a frame of its own.
        auto* volatile unknown = +function;
        StreamState state({}, {});
        Task const task = unknown(Stream(state), shared...);
        if (state.frame.wanted <= memory.frame) return {};
        return "the coroutine's frame takes " + std::to_string(state.frame.wanted) +
               " bytes, and CoroutineMemory::frame is " + std::to_string(memory.frame);
    }

private:
    alignas(std::max_align_t) std::array<std::byte, memory.frame> frame_;
    std::array<char, memory.reads> reads_;
    StreamState state_;
    Shared* shared_ = nullptr; // outlives the server
    std::optional<Task> task_;
};

} // namespace kodama
