// Echo servers with one mistake each, to see that somebody notices.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <support/descriptor.hpp>

namespace kodama::testing {

enum class Mistake {
    none,
    text,              // stops at a NUL, as if bytes were text
    short_send,        // takes a send that took less than all for a whole one
    stale,             // always sends as much as the longest message so far
    fin_first,         // closes at the peer's FIN, with its last bytes unsent
    resets,            // ends with a RST instead of a FIN
    mixed_up,          // answers on the connection that spoke before
    one_after_another, // serves nobody before the last one has gone
};

// On a free port of 127.0.0.1, one thread, until it is destroyed.
class BrokenServer {
public:
    explicit BrokenServer(Mistake mistake);
    BrokenServer(BrokenServer const&) = delete;
    BrokenServer& operator=(BrokenServer const&) = delete;
    ~BrokenServer();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    struct Client;

    void run();
    void accept_one();
    void echo(Client& client);
    void send(Client& client, std::size_t count);
    void send_rest(Client& client);
    void end(Client& client) const;

    Mistake mistake_;
    Descriptor listener_;
    Descriptor stop_; // an eventfd
    std::uint16_t port_ = 0;
    std::vector<Client> clients_;
    std::vector<char> bytes_; // what was read last, and behind it what was there before
    std::size_t longest_ = 0;
    int spoke_before_ = -1;
    std::thread thread_; // last: it uses what is above
};

} // namespace kodama::testing
