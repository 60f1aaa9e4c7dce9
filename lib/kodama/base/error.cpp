#include <kodama/base/error.hpp>

#include <system_error>

namespace kodama {

std::string describe_error(std::string const& what, int error_number) {
    return what + ": " + std::generic_category().message(error_number);
}

} // namespace kodama
