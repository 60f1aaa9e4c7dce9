#include <bench/load/error_log.hpp>

#include <cerrno>
#include <numeric>

namespace kodama::bench {

char const* name_of(ErrorKind kind) noexcept {
    switch (kind) {
    case ErrorKind::refused:
        return "refused";
    case ErrorKind::reset:
        return "reset";
    case ErrorKind::ended_early:
        return "ended_early";
    case ErrorKind::wrong_byte:
        return "wrong_byte";
    case ErrorKind::timed_out:
        return "timed_out";
    case ErrorKind::other:
        return "other";
    }
    return "other";
}

ErrorKind kind_of(int error_number) noexcept {
    switch (error_number) {
    case ECONNREFUSED:
        return ErrorKind::refused;
    case ECONNRESET:
    case EPIPE:
        return ErrorKind::reset;
    case ETIMEDOUT:
        return ErrorKind::timed_out;
    default:
        return ErrorKind::other;
    }
}

void ErrorLog::add(ErrorKind kind, std::uint64_t connection, std::string const& what) {
    ++counts_[static_cast<std::size_t>(kind)];
    std::uint64_t const so_far = total();
    if (so_far <= told_max) tell_("connection " + std::to_string(connection) + ": " + what);
    if (so_far == told_max) tell_("more errors are counted and not told one by one");
}

std::uint64_t ErrorLog::total() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

} // namespace kodama::bench
