// Sessions that are coroutines.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
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
// How large a frame is, only the compiler knows; making the Server throws OptionError, which says
// how much it is, when it is more than `memory.frame`. stream.hpp says what a coroutine can await,
// task.hpp when it begins and ends.
template <auto function, CoroutineMemory memory = CoroutineMemory{}> class Coroutine {
    static_assert(
        requires(StreamState& state) {
            { function(Stream(state)) } -> std::same_as<Task>;
        }, "a coroutine of a connection is kodama::Task function(kodama::Stream)");
    static_assert(memory.frame > 0 && memory.reads > 0);

public:
    // Leaves its memory as it is: it is not read before it is written.
    Coroutine() noexcept : state_(frame_, reads_) {}
    Coroutine(Coroutine const&) = delete;
    Coroutine& operator=(Coroutine const&) = delete;
    ~Coroutine() = default;

    void on_open(Connection& connection) {
        task_.emplace(function(Stream(state_)));
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

    // Why no server can be made of it; empty where one can.
    [[nodiscard]] static std::string start_error() {
        // Asks for a frame that it does not get, so it does not run. Through a pointer that the
        // compiler knows nothing of, or it might find a frame of its own.
        Task (*volatile unknown)(Stream) = function;
        StreamState state({}, {});
        Task const task = unknown(Stream(state));
        if (state.frame.wanted <= memory.frame) return {};
        return "the coroutine's frame takes " + std::to_string(state.frame.wanted) +
               " bytes, and CoroutineMemory::frame is " + std::to_string(memory.frame);
    }

private:
    alignas(std::max_align_t) std::array<std::byte, memory.frame> frame_;
    std::array<char, memory.reads> reads_;
    StreamState state_;
    std::optional<Task> task_;
};

} // namespace kodama
