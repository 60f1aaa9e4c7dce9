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

inline constexpr std::array all_features{Feature::defer_taskrun,     Feature::registered_ring,
                                         Feature::no_iowait,         Feature::multishot_accept,
                                         Feature::multishot_receive, Feature::direct_descriptors,
                                         Feature::silent_sends};

// "defer-taskrun" and so on, as `--disable` takes it.
[[nodiscard]] KODAMA_EXPORT std::string_view name_of(Feature feature) noexcept;
[[nodiscard]] KODAMA_EXPORT std::optional<Feature> feature_named(std::string_view name) noexcept;

// A set of features; a plain value.
class KODAMA_EXPORT FeatureSet {
public:
    constexpr FeatureSet() noexcept = default;

    [[nodiscard]] static constexpr FeatureSet all() noexcept {
        FeatureSet set;
        for (Feature const feature : all_features)
            set.add(feature);
        return set;
    }

    constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }
    constexpr void remove(Feature feature) noexcept { bits_ &= ~bit(feature); }
    constexpr void add(FeatureSet other) noexcept { bits_ |= other.bits_; }
    constexpr void remove(FeatureSet other) noexcept { bits_ &= ~other.bits_; }
    [[nodiscard]] constexpr bool has(Feature feature) const noexcept {
        return (bits_ & bit(feature)) != 0;
    }
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
