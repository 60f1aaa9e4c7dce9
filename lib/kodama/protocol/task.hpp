// What a connection's coroutine returns.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include <kodama/protocol/stream.hpp>

namespace kodama {

// The coroutine of a connection: `kodama::Task serve(kodama::Stream stream)`. Its frame lies in
// memory that the worker set aside with the connection's place; nothing is allocated. It runs from
// on_open on, and whenever what it awaits has come; it is destroyed when the connection is over,
// wherever it waits then, and its locals with it. When it returns, the connection is closed in
// order (Connection::close()); when it throws, the connection is reset
// (CloseReason::session_failed).
//
// Owned by Coroutine<> (coroutine.hpp), which is what a Server serves. Threads: the worker's.
class Task {
public:
    class promise_type { // NOLINT(readability-identifier-naming): its name in the language
    public:
        // A coroutine's frame goes where its stream says, or nowhere.
        static void* operator new(std::size_t size, Stream const& stream) noexcept {
            return stream.state_->frame.take(size);
        }
        // The same where it takes what it shares with others.
        template <class Shared>
        static void* operator new(std::size_t size, Stream const& stream, Shared const&) noexcept {
            return stream.state_->frame.take(size);
        }
        // And both for lambdas without captures and other function objects.
        template <class Function, class... Shared>
        static void* operator new(std::size_t size, Function const&, Stream const& stream,
                                  Shared const&...) noexcept {
            return stream.state_->frame.take(size);
        }
        // The memory is the connection's place, and stays.
        static void operator delete(void*, std::size_t) noexcept {}

        static Task get_return_object_on_allocation_failure() noexcept { return Task({}); }
        Task get_return_object() noexcept {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        // Out of the hook that resumed the coroutine, which ends the connection.
        void unhandled_exception() { std::rethrow_exception(std::current_exception()); }
    };

    // Leaves the other without a coroutine.
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&&) = delete;
    ~Task() { destroy(); }

    // The coroutine, suspended where it begins; null where its frame found no memory.
    [[nodiscard]] std::coroutine_handle<> handle() const noexcept { return handle_; }

    // Ends the coroutine where it waits, and its locals.
    void destroy() noexcept {
        if (handle_) std::exchange(handle_, {}).destroy();
    }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    std::coroutine_handle<promise_type> handle_;
};

} // namespace kodama
