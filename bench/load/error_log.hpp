// What went wrong with connections.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace kodama::bench {

enum class ErrorKind : std::uint8_t { refused, reset, ended_early, wrong_byte, timed_out, other };

inline constexpr std::array<ErrorKind, 6> all_error_kinds{
    ErrorKind::refused,    ErrorKind::reset,     ErrorKind::ended_early,
    ErrorKind::wrong_byte, ErrorKind::timed_out, ErrorKind::other};

// "wrong_byte".
[[nodiscard]] char const* name_of(ErrorKind kind) noexcept;

[[nodiscard]] ErrorKind kind_of(int error_number) noexcept;

// Counts all and tells the first few.
class ErrorLog {
public:
    static constexpr std::uint64_t told_max = 5;

    explicit ErrorLog(std::function<void(std::string const&)> tell) : tell_(std::move(tell)) {}

    void add(ErrorKind kind, std::uint64_t connection, std::string const& what);

    [[nodiscard]] std::uint64_t count(ErrorKind kind) const noexcept {
        return counts_[static_cast<std::size_t>(kind)];
    }

    [[nodiscard]] std::uint64_t total() const noexcept;

private:
    std::function<void(std::string const&)> tell_;
    std::array<std::uint64_t, all_error_kinds.size()> counts_{};
};

} // namespace kodama::bench
