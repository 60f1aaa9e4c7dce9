// The parts of io_uring that the server uses when the kernel has them, and can do without.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <kodama/base/export.hpp>

namespace kodama {

// One part, by the Linux version that had it first; found by trying, never by a version.
enum class Feature : std::uint8_t {
    defer_taskrun,      // completions are worked on only when the worker enters (Linux 6.1)
    registered_ring,    // the ring's own descriptor is registered with its thread (5.18)
    no_iowait,          // waiting is not accounted as waiting for a disk (6.15)
    multishot_accept,   // one accept operation brings many connections (5.19)
    multishot_receive,  // one receive operation brings many messages (6.0)
    direct_descriptors, // connections live in the ring's table, not in the process's (6.13: before
                        // that, closing one may hold back its FIN)
    silent_sends,       // a send that takes everything completes without saying so (6.1)
};

// Each of them once, in the order of the enumeration.
inline constexpr std::array all_features{Feature::defer_taskrun,     Feature::registered_ring,
                                         Feature::no_iowait,         Feature::multishot_accept,
                                         Feature::multishot_receive, Feature::direct_descriptors,
                                         Feature::silent_sends};

// "defer-taskrun" and so on, as `--disable` takes it.
[[nodiscard]] KODAMA_EXPORT std::string_view name_of(Feature feature) noexcept;
// The feature of that name, or nothing.
[[nodiscard]] KODAMA_EXPORT std::optional<Feature> feature_named(std::string_view name) noexcept;

// A set of features; a plain value.
class KODAMA_EXPORT FeatureSet {
public:
    constexpr FeatureSet() noexcept = default;

    // Every feature there is.
    [[nodiscard]] static constexpr FeatureSet all() noexcept {
        FeatureSet set;
        for (Feature const feature : all_features)
            set.add(feature);
        return set;
    }

    // Puts one in; nothing happens if it is in already.
    constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }
    // Takes one out; nothing happens if it is not in.
    constexpr void remove(Feature feature) noexcept { bits_ &= ~bit(feature); }
    // Puts all of the other set in.
    constexpr void add(FeatureSet other) noexcept { bits_ |= other.bits_; }
    // Takes all of the other set out.
    constexpr void remove(FeatureSet other) noexcept { bits_ &= ~other.bits_; }
    // Whether it is in the set.
    [[nodiscard]] constexpr bool has(Feature feature) const noexcept {
        return (bits_ & bit(feature)) != 0;
    }
    // Whether no feature is in the set.
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

    // "defer-taskrun,no-iowait", in the order of the enumeration; "none" when empty.
    [[nodiscard]] std::string to_string() const;

    friend constexpr bool operator==(FeatureSet, FeatureSet) noexcept = default;

private:
    [[nodiscard]] static constexpr std::uint32_t bit(Feature feature) noexcept {
        return 1u << static_cast<unsigned>(feature);
    }

    std::uint32_t bits_ = 0;
};

// Reads "a,b"; empty text is the empty set. Throws OptionError that names `option`, the unknown
// feature and the known ones.
[[nodiscard]] KODAMA_EXPORT FeatureSet parse_features(std::string_view option,
                                                      std::string_view text);

} // namespace kodama
