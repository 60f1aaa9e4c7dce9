// An echo server that misbehaves as a test wants it to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <support/descriptor.hpp>

namespace kodama::testing {

class BentServer;

// What the server does with one message, which it reads whole before it answers.
struct Turn {
    std::size_t connection;        // in the order of accepting
    std::uint64_t offset;          // of the message in its stream
    std::vector<std::byte>& bytes; // sent back as they are afterwards
    BentServer& server;
};

enum class Then { go_on, close, reset };

// Listens on a free port of 127.0.0.1; each connection has a thread.
class BentServer {
public:
    // `message` bytes are read before `bend` is asked what to do with them.
    BentServer(std::size_t message, std::function<Then(Turn)> bend);
    BentServer(BentServer const&) = delete;
    BentServer& operator=(BentServer const&) = delete;
    ~BentServer();

    [[nodiscard]] std::string target() const;

    // Sends a FIN on another connection, once it has been accepted.
    void end(std::size_t connection);

    // Bytes that were read so far.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

private:
    void accept_all();
    void serve(int socket, std::size_t number);

    std::size_t message_;
    std::function<Then(Turn)> bend_;
    Descriptor listener_;
    std::atomic<std::uint64_t> received_{0};
    std::mutex mutex_;
    bool ending_ = false;
    std::condition_variable accepted_;
    std::vector<int> sockets_; // in the order of accepting; -1 once closed
    std::list<std::thread> threads_;
    std::thread acceptor_; // last: it uses what is above
};

} // namespace kodama::testing
