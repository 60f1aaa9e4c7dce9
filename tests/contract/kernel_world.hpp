// How to make a ring of the kernel, and what its tests need around it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <kodama/ring/capabilities.hpp>
#include <kodama/ring/checked_kernel_ring.hpp>
#include <kodama/ring/kernel_ring.hpp>
#include <support/background.hpp>

#include "kernel_peer.hpp"
#include "world.hpp"

namespace kodama::testing {

// The process may open so many more descriptors, for as long as this lives.
class DescriptorLimit {
public:
    explicit DescriptorLimit(std::uint32_t count) {
        require_call(::getrlimit(RLIMIT_NOFILE, &before_) == 0, "getrlimit");
        std::vector<UniqueFd> free; // The kernel hands out the lowest one.
        for (std::uint32_t i = 0; i <= count; ++i)
            free.emplace_back(::dup(STDERR_FILENO));
        rlimit const limit{.rlim_cur = static_cast<rlim_t>(free.back().get()),
                           .rlim_max = before_.rlim_max};
        require_call(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
    }
    DescriptorLimit(DescriptorLimit const&) = delete;
    DescriptorLimit& operator=(DescriptorLimit const&) = delete;
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

template <class R, bool polls> class KernelWorld {
public:
    static constexpr bool polls_busily = polls;

    using Peer = KernelPeer;
    using Listener = KernelListener;

    // What is usable here, and with what makes the most difference taken away.
    static std::vector<FeatureSet> feature_sets() {
        static FeatureSet const usable = probe_capabilities({}).usable;
        std::vector<FeatureSet> sets;
        for (bool const direct : {true, false}) {
            for (bool const deferred : {true, false}) {
                FeatureSet set = usable;
                if (!direct) set.remove(Feature::direct_descriptors);
                if (!deferred) set.remove(Feature::defer_taskrun);
                if (std::find(sets.begin(), sets.end(), set) == sets.end()) sets.push_back(set);
            }
        }
        return sets;
    }

    R make(FeatureSet features, RingSizes const& sizes) {
        return R(
            {.entries = sizes.entries, .completions = sizes.completions, .features = features});
    }

    Listener listen() { return Listener(); }

    void close_ordinary(int descriptor) { ::close(descriptor); }

    // Limits the ordinary descriptors that accept finds to RingSizes::ordinary_descriptors.
    [[nodiscard]] DescriptorLimit limit_descriptors(RingSizes const& sizes) {
        return DescriptorLimit(sizes.ordinary_descriptors);
    }

    // Somebody else does this at about the time at which the ring is entered next; has done it when
    // join() returns.
    [[nodiscard]] Background meanwhile(std::function<void()> work) {
        return Background(std::move(work));
    }
};

template <> class WorldOf<KernelRing> : public KernelWorld<KernelRing, false> {};
// Busy polling is the same ring to who uses it, so it has to pass the same tests: here.
template <> class WorldOf<CheckedKernelRing> : public KernelWorld<CheckedKernelRing, true> {};

} // namespace kodama::testing
