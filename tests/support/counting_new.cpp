#include <support/counting_new.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace kodama::testing {

namespace {

std::atomic<std::uint64_t> counted{0};
std::atomic<std::uint64_t> counted_bytes{0};
thread_local int exclusions = 0;

void* allocate_or_null(std::size_t size, std::size_t alignment) noexcept {
    if (exclusions == 0) {
        counted.fetch_add(1, std::memory_order_relaxed);
        counted_bytes.fetch_add(size, std::memory_order_relaxed);
    }
    size = std::max<std::size_t>(size, 1);
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size);
    // aligned_alloc wants a size that is a multiple of the alignment, which is a power of two.
    return std::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
}

void* allocate(std::size_t size, std::size_t alignment) {
    void* const memory = allocate_or_null(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

constexpr std::size_t plain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

} // namespace

std::uint64_t allocations() noexcept { return counted.load(std::memory_order_relaxed); }

std::uint64_t allocated_bytes() noexcept { return counted_bytes.load(std::memory_order_relaxed); }

AllocationsNotCounted::AllocationsNotCounted() noexcept { ++exclusions; }

AllocationsNotCounted::~AllocationsNotCounted() { --exclusions; }

} // namespace kodama::testing

namespace testing = kodama::testing;

void* operator new(std::size_t size) { return testing::allocate(size, testing::plain); }

void* operator new[](std::size_t size) { return testing::allocate(size, testing::plain); }

void* operator new(std::size_t size, std::align_val_t alignment) {
    return testing::allocate(size, static_cast<std::size_t>(alignment));
}

void* operator new[](std::size_t size, std::align_val_t alignment) {
    return testing::allocate(size, static_cast<std::size_t>(alignment));
}

void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
    return testing::allocate_or_null(size, testing::plain);
}

void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
    return testing::allocate_or_null(size, testing::plain);
}

void* operator new(std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept {
    return testing::allocate_or_null(size, static_cast<std::size_t>(alignment));
}

void* operator new[](std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept {
    return testing::allocate_or_null(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* memory) noexcept { std::free(memory); }

void operator delete[](void* memory) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::nothrow_t const&) noexcept { std::free(memory); }

void operator delete[](void* memory, std::nothrow_t const&) noexcept { std::free(memory); }

void operator delete(void* memory, std::align_val_t, std::nothrow_t const&) noexcept {
    std::free(memory);
}

void operator delete[](void* memory, std::align_val_t, std::nothrow_t const&) noexcept {
    std::free(memory);
}
