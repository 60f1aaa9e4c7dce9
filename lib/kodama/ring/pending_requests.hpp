// What the program has asked for and the kernel has not yet answered for the last time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace kodama {

// One request as RingProtocol remembers it.
struct PendingRequest {
    enum class Kind : std::uint8_t {
        unknown,
        nop,
        read,
        accept,
        receive,
        send,
        shut_down,
        reset,
        close,
        cancel,
        make_socket,
        connect,
    };

    static constexpr int no_descriptor = -1;

    std::uint64_t user_data = 0;
    std::uint64_t serial = 0;    // no two requests have the same
    std::int64_t result_max = 0; // for a receive, as long as no buffer says less
    int descriptor = no_descriptor;
    int place = no_descriptor;     // of the direct descriptors, that a socket is made in
    std::uint32_t incarnation = 0; // of the descriptor: its number may be handed out anew
    std::uint16_t group = 0;       // of buffers, for a receive
    Kind kind = Kind::unknown;
    bool direct = false; // is the descriptor
    bool multishot = false;
    bool silent = false; // a send that completes only if it is not all taken

    // "receive on direct descriptor 5, user_data 0x400000500000001"
    [[nodiscard]] std::string describe() const;
};

// A flat table: there are few of them, and new ones come and go all the time, so that looking
// through neighbouring numbers is quicker than what has to be allocated or hashed.
class PendingRequests {
public:
    PendingRequests();

    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

    // Any of those with this user_data; null when there is none.
    [[nodiscard]] PendingRequest const* find(std::uint64_t user_data) const noexcept {
        auto const found = std::find(keys_.begin(), keys_.end(), user_data);
        return found == keys_.end() ? nullptr : &requests_[index_of(found)];
    }

    [[nodiscard]] bool has(std::uint64_t user_data, std::uint64_t serial) const noexcept {
        PendingRequest const* const found = find(user_data);
        return found != nullptr && found->serial == serial;
    }

    void add(PendingRequest const& request);

    // Forgets the one that find() finds.
    void remove(std::uint64_t user_data) noexcept;

private:
    using Keys = std::vector<std::uint64_t>;

    [[nodiscard]] std::size_t index_of(Keys::const_iterator key) const noexcept {
        return static_cast<std::size_t>(key - keys_.begin());
    }

    Keys keys_; // user_data of each of requests_
    std::vector<PendingRequest> requests_;
};

// Ends the process: a rule between program and kernel was broken.
[[noreturn, gnu::cold]] void protocol_violated(std::string const& what, std::source_location where);

// `what` is put together with the request only when the rule is broken.
inline void protocol_rule(bool kept, char const* what, PendingRequest const& request,
                          std::source_location where = std::source_location::current()) {
    if (!kept) protocol_violated(std::string(what) + " (" + request.describe() + ")", where);
}

} // namespace kodama
