// Tells AddressSanitizer which buffer memory nobody in user space may touch. Nothing without it.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define KODAMA_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KODAMA_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef KODAMA_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace kodama {

// The memory belongs to the kernel or to nobody.
inline void poison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) noexcept {
#ifdef KODAMA_ADDRESS_SANITIZER
    __asan_poison_memory_region(memory, size);
#endif
}

// The memory is ours again.
inline void unpoison([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t size) noexcept {
#ifdef KODAMA_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(memory, size);
#endif
}

} // namespace kodama
