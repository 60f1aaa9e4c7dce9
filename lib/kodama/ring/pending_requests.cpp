#include <kodama/ring/pending_requests.hpp>

#include <cstdio>

#include <kodama/base/assert.hpp>

namespace kodama {

namespace {

// Enough for most tests, so that a ring that is checked allocates as little as one that is not.
constexpr std::size_t requests_reserved = 4096;

char const* name_of(PendingRequest::Kind kind) noexcept {
    using Kind = PendingRequest::Kind;
    switch (kind) {
    case Kind::unknown:
        break;
    case Kind::nop:
        return "nop";
    case Kind::read:
        return "read";
    case Kind::accept:
        return "accept";
    case Kind::receive:
        return "receive";
    case Kind::send:
        return "send";
    case Kind::shut_down:
        return "shutdown";
    case Kind::reset:
        return "reset";
    case Kind::close:
        return "close";
    case Kind::cancel:
        return "cancellation";
    case Kind::make_socket:
        return "socket";
    case Kind::connect:
        return "connect";
    }
    return "request";
}

} // namespace

std::string PendingRequest::describe() const {
    char number[32];
    std::snprintf(number, sizeof number, "%#llx", static_cast<unsigned long long>(user_data));
    std::string text = name_of(kind);
    if (descriptor != no_descriptor) {
        text += direct ? " on direct descriptor " : " on descriptor ";
        text += std::to_string(descriptor);
    }
    return text + ", user_data " + number;
}

PendingRequests::PendingRequests() {
    keys_.reserve(requests_reserved);
    requests_.reserve(requests_reserved);
}

void PendingRequests::add(PendingRequest const& request) {
    keys_.push_back(request.user_data);
    requests_.push_back(request);
}

void PendingRequests::remove(std::uint64_t user_data) noexcept {
    auto const found = std::find(keys_.begin(), keys_.end(), user_data);
    KODAMA_ASSERT(found != keys_.end());
    std::size_t const index = index_of(found);
    keys_[index] = keys_.back();
    requests_[index] = requests_.back();
    keys_.pop_back();
    requests_.pop_back();
}

void protocol_violated(std::string const& what, std::source_location where) {
    assertion_failed(("ring protocol: " + what).c_str(), where.file_name(),
                     static_cast<int>(where.line()));
}

} // namespace kodama
