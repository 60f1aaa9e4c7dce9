#include <kodama/ring/setup_failure.hpp>

#include <cerrno>
#include <fstream>
#include <string>

#include <sys/resource.h>

namespace kodama {

namespace {

using Kind = SetupError::Kind;

std::string not_permitted() {
    int setting = -1;
    std::ifstream("/proc/sys/kernel/io_uring_disabled") >> setting;
    std::string const what = "io_uring is not permitted here (EPERM): ";
    if (setting == 2) {
        return what + "the sysctl kernel.io_uring_disabled is 2; set it to 0";
    }
    if (setting == 1) {
        return what + "the sysctl kernel.io_uring_disabled is 1; set it to 0, or add the user to "
                      "the group of kernel.io_uring_group";
    }
    return what + "the sysctl kernel.io_uring_disabled allows it, so most likely a container's "
                  "seccomp profile forbids it; use a profile that allows io_uring_setup, "
                  "io_uring_enter and io_uring_register";
}

std::string no_memory() {
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    std::string const current = limit.rlim_cur == RLIM_INFINITY
                                    ? "unlimited"
                                    : std::to_string(limit.rlim_cur / 1024) + " KiB";
    return "not enough locked memory for io_uring (ENOMEM): a worker needs about 600 KiB with the "
           "default options (kodama --probe tells it exactly), the limit is " +
           current + "; raise it (ulimit -l, LimitMEMLOCK=), or use fewer workers";
}

} // namespace

SetupError ring_setup_failure(int error) {
    switch (error) {
    case EPERM:
    case EACCES:
        return {Kind::unsupported, not_permitted()};
    case ENOSYS:
        return {Kind::unsupported,
                "io_uring is not available (ENOSYS): the kernel is built without it or older than "
                "5.1, or a seccomp profile hides it; Linux 6.1 or newer is needed"};
    case EINVAL:
        return {Kind::unsupported, "io_uring of this kernel lacks what the server needs (EINVAL); "
                                   "Linux 6.1 or newer is needed"};
    case ENOMEM:
        return {Kind::refused, no_memory()};
    case EMFILE:
    case ENFILE:
        return {Kind::refused, describe_error("cannot make an io_uring", error) +
                                   "; raise the limit of descriptors (ulimit -n, LimitNOFILE=)"};
    default:
        return {Kind::unsupported, describe_error("cannot make an io_uring", error)};
    }
}

SetupError missing_feature(std::string const& what, int error) {
    if (error == ENOMEM) return ring_setup_failure(error);
    return {Kind::unsupported, describe_error("io_uring of this kernel lacks " + what, error) +
                                   "; Linux 6.1 or newer is needed"};
}

} // namespace kodama
