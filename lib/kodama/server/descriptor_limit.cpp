#include <kodama/server/descriptor_limit.hpp>

#include <algorithm>

#include <sys/resource.h>

namespace kodama {

std::uint64_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024; // the usual soft limit
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit const raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur;
}

std::uint64_t descriptors_beside(DescriptorUsers const& users) noexcept {
    constexpr std::uint64_t others = 16;
    return others + 2 * users.workers + users.workers * users.listeners;
}

std::uint32_t connections_within(std::uint64_t limit, DescriptorUsers const& users,
                                 std::uint32_t wanted) noexcept {
    std::uint64_t const beside = descriptors_beside(users);
    std::uint64_t const left = limit > beside ? limit - beside : 0;
    std::uint64_t const most = std::max<std::uint64_t>(left, users.workers);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, most));
}

} // namespace kodama
