// What all sessions of one worker have in common.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include <kodama/core/hooks.hpp>

namespace kodama {

// The object that `hooks` say, or none; and the server's, which it only names.
class WorkerState {
public:
    // Throws what the object's constructor throws.
    WorkerState(SessionHooks const& hooks, void* shared)
        : destroy_(hooks.destroy_worker_state), memory_(nullptr, FreeMemory{alignment_of(hooks)}) {
        context_.shared = shared;
        if (hooks.construct_worker_state == nullptr) return;
        std::align_val_t const alignment = alignment_of(hooks);
        memory_.reset(
            static_cast<std::byte*>(::operator new[](hooks.worker_state_size, alignment)));
        hooks.construct_worker_state(memory_.get(), shared);
        context_.worker_state = memory_.get();
    }
    WorkerState(WorkerState const&) = delete;
    WorkerState& operator=(WorkerState const&) = delete;
    ~WorkerState() {
        if (context_.worker_state != nullptr) destroy_(context_.worker_state);
    }

    [[nodiscard]] SessionContext const& context() const noexcept { return context_; }

private:
    struct FreeMemory {
        std::align_val_t alignment;
        void operator()(std::byte* memory) const noexcept {
            ::operator delete[](memory, alignment);
        }
    };

    static std::align_val_t alignment_of(SessionHooks const& hooks) noexcept {
        return std::align_val_t{hooks.worker_state_alignment};
    }

    void (*destroy_)(void*) noexcept;
    std::unique_ptr<std::byte[], FreeMemory> memory_;
    SessionContext context_;
};

} // namespace kodama
