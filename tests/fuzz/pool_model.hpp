// What fuzz_pool.cpp knows of buffers and queues without asking them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <sys/uio.h>

#include <kodama/base/memory_poison.hpp>
#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/send_queue.hpp>

namespace kodama::fuzz {

inline std::string text_of(std::vector<iovec> const& vectors) {
    std::string text;
    for (iovec const& vector : vectors)
        text.append(static_cast<char const*>(vector.iov_base), vector.iov_len);
    return text;
}

// Where the blocks begin, in order.
inline std::vector<std::byte const*> memory_of(BufferPool& pool) {
    std::vector<Buffer> all;
    std::vector<std::byte const*> memory;
    while (pool.free_count() > 0) {
        all.push_back(pool.take());
        memory.push_back(all.back().bytes().data());
    }
    std::sort(memory.begin(), memory.end());
    return memory;
}

inline bool is_poisoned([[maybe_unused]] BufferBlock const& block,
                        [[maybe_unused]] std::uint32_t size) {
#ifdef KODAMA_ADDRESS_SANITIZER
    for (std::uint32_t i = 0; i < size; ++i) {
        if (__asan_address_is_poisoned(block.memory + i) == 0) return false;
    }
#endif
    return true;
}

// What a session holds.
struct Lease {
    Buffer buffer;
    std::string model;
};

struct Queue {
    SendQueue queue;
    std::string model;
    std::vector<iovec> flight; // what a send in flight covers; empty when there is none

    std::vector<iovec> gather(std::size_t most) const {
        std::vector<iovec> vectors(most);
        vectors.resize(queue.gather(vectors));
        return vectors;
    }
    std::size_t limit() const { return flight.empty() ? model.size() : text_of(flight).size(); }
};

} // namespace kodama::fuzz
