// Where the RESP server keeps its values.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace examples {

// Keys and values of all connections of all workers: so many parts, each with a lock of its own,
// that two workers seldom want the same one. It allocates for what it stores, which an example may.
class Store {
public:
    static constexpr std::size_t keys_max = 1'000'000; // in all, about

    // Calls `use` with the value, or with null when there is none.
    template <class Use> void get(std::string_view key, Use&& use) {
        Part& part = part_of(key);
        std::scoped_lock const lock(part.mutex);
        auto const found = part.values.find(key);
        use(found == part.values.end() ? nullptr : &found->second);
    }

    // False when there is no room for another key.
    bool set(std::string_view key, std::string_view value) {
        Part& part = part_of(key);
        std::scoped_lock const lock(part.mutex);
        auto const found = part.values.find(key);
        if (found != part.values.end()) {
            found->second.assign(value);
            return true;
        }
        if (part.values.size() >= keys_max / parts_.size()) return false;
        part.values.emplace(key, value);
        return true;
    }

    // Whether there was one.
    bool erase(std::string_view key) {
        Part& part = part_of(key);
        std::scoped_lock const lock(part.mutex);
        auto const found = part.values.find(key);
        if (found == part.values.end()) return false;
        part.values.erase(found);
        return true;
    }

private:
    struct Hash {
        using is_transparent = void; // NOLINT(readability-identifier-naming): its name in std
        std::size_t operator()(std::string_view key) const noexcept {
            return std::hash<std::string_view>{}(key);
        }
    };
    struct alignas(64) Part {
        std::mutex mutex;
        std::unordered_map<std::string, std::string, Hash, std::equal_to<>> values;
    };

    Part& part_of(std::string_view key) { return parts_[Hash{}(key) % parts_.size()]; }

    std::array<Part, 64> parts_;
};

} // namespace examples
