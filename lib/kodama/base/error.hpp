// What can go wrong before a server serves. After that nothing in the library throws.
#pragma once

#include <stdexcept>
#include <string>

#include <kodama/base/export.hpp>

namespace kodama {

// An option has a value that it must not have. The message names option, value and range.
class KODAMA_EXPORT OptionError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

// The server cannot start. The message is one line: what failed, why, and what to do about it.
class KODAMA_EXPORT SetupError : public std::runtime_error {
public:
    // Whose fault it is: io_uring's, or the rest of the system's.
    enum class Kind {
        unsupported, // io_uring is missing, forbidden, or lacks something that the server needs
        refused,     // the system said no: port in use, no permission, a limit too low
    };

    // The message is one line.
    SetupError(Kind kind, std::string const& message) : std::runtime_error(message), kind_(kind) {}

    // Which of the two.
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

private:
    Kind kind_;
};

// "what: No such file or directory"; the error number is positive.
[[nodiscard]] KODAMA_EXPORT std::string describe_error(std::string const& what, int error_number);

} // namespace kodama
