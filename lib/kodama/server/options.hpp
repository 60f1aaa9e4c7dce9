// Everything that can be set on a server, with every limit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kodama/core/event.hpp>
#include <kodama/ring/features.hpp>

namespace kodama {

// How many buffers of which size. `bytes` is at most 1 GiB in all.
struct BufferCount {
    std::uint32_t count = 0; // buffers
    std::uint32_t size = 0;  // bytes

    friend bool operator==(BufferCount const&, BufferCount const&) = default;
};

// How much fits into a worker's inbox.
struct InboxSize {
    std::uint32_t calls = 0; // of Handle
    std::size_t bytes = 0;   // of send_copy()

    friend bool operator==(InboxSize const&, InboxSize const&) = default;
};

// Each member has a default, so designated initialisers name only what differs:
// `Server<Echo> server{{.listen = {"localhost:7"}, .workers = 1}};`. Validated once, when the
// server is made: a value out of range throws OptionError with the option, the value and the range.
struct Options {
    // Where to listen: `PORT` (on localhost), `HOST:PORT`, `[V6]:PORT` or `*:PORT` (all addresses
    // of both families). `localhost` is both loopback addresses, whichever of them there are. Port
    // 0 takes a free port, the same for all workers and families of the endpoint.
    std::vector<std::string> listen = {"localhost:8888"};

    // Threads, each with a ring, a listener and a connection table of its own. 0: one for each core
    // that the affinity mask and the cgroup's quota allow. At most 1,024.
    std::uint32_t workers = 0;

    // Binds worker i to the i-th core of the affinity mask.
    bool pin_cpus = false;

    // How long a worker looks for something to do before it sleeps. It answers sooner then, for to
    // wake a thread takes microseconds, and costs CPU time for as long after whatever happens; so
    // give it cores of its own. 0, to sleep at once, to 1 h. None: 30 us, as long as that is found
    // to take no more CPU time than to sleep at once; both are tried now and then.
    std::optional<std::chrono::nanoseconds> busy_poll = {};

    // How long a message may wait for others where a worker's core hardly keeps up with them, so
    // that more are answered in one turn: that takes less CPU time for each. Where there is time to
    // spare, nobody waits, and with a `busy_poll` nobody ever does. 0, never, to 10 ms.
    std::chrono::nanoseconds batch_wait = std::chrono::microseconds(100);

    // Features not to use although the kernel may have them; the environment variable
    // KODAMA_DISABLE ("a,b") adds to it.
    FeatureSet disabled = {};

    // Connections of the whole server; each worker takes its share. 1 to 1,048,576, and lowered to
    // what the limit of descriptors (RLIMIT_NOFILE) allows.
    std::uint32_t max_connections = 16384;

    // Connections that sessions may have open with Connection::connect(), beside those, of the
    // whole server; each worker takes its share. 0 to 1,048,576, and lowered like
    // `max_connections`.
    std::uint32_t max_outgoing = 0;

    // Connections that the kernel completes before they are accepted, for each listening socket.
    // 1 to 65,535; the kernel lowers it to net.core.somaxconn.
    std::uint32_t backlog = 1024;

    // Receive buffers of a worker: 1 to 32,768 of 64 bytes to 1 MiB. They are reserved at start,
    // and take physical memory as far as they are filled. A large message comes in fewer pieces
    // where they are large; the larger what arrives, the fewer of them are used in turn.
    BufferCount buffers = {.count = 128, .size = 128 * 1024};

    // Bytes that a connection may hold which its peer has not made room for, before the peer stops
    // being read. 1 byte to 1 GiB.
    std::size_t max_pending = 64 * 1024;

    // Memory for unsent bytes of all connections together, beside the receive buffers; each worker
    // takes its share, which must hold `max_pending` and all its receive buffers. When it is full
    // and received bytes need room, the connection blocked longest is reset (CloseReason::evicted).
    // A send_copy() only waits: until others are read, or `send_timeout` has dropped them. It is
    // reserved at start, and takes physical memory only when first used. 4 KiB to 1 TiB, or 0:
    // 256 MiB, or twice what all workers must have where that is more.
    std::size_t max_pending_total = 0;

    // What other threads may ask of a worker's connections (Handle) before it looks: so many calls,
    // and so many bytes of send_copy(). 1 to 1,048,576 calls, to 1 GiB.
    InboxSize inbox = {.calls = 4096, .bytes = 256 * 1024};

    // How many SharedBytes may lie in the send queues of a worker; beyond, they are copied. To
    // 16,777,216.
    std::uint32_t shared_sends = 16384;

    // How long a connection may receive and send nothing before it is closed as by close(), and how
    // long one that is closing may send nothing of what is left before it is reset. 0: for ever, as
    // RFC 862 has it. To 24 days.
    std::chrono::nanoseconds idle_timeout = std::chrono::nanoseconds(0);

    // How long a peer may acknowledge nothing of what was sent to it, also by keeping its window
    // shut, before the connection is dropped (TCP_USER_TIMEOUT, RFC 5482). A reader that is merely
    // slow opens its window in large steps, seconds apart, so do not go far below the default. 0:
    // the system's own limit, about 15 minutes. At least 1 ms, to 24 days.
    std::chrono::nanoseconds send_timeout = std::chrono::seconds(30);

    // How long close() waits for the peer's FIN after ours. 0 to 1 h.
    std::chrono::nanoseconds linger_timeout = std::chrono::seconds(2);

    // How long run_until_signal() drains before it resets what is left. 0 to 24 h.
    std::chrono::nanoseconds drain_timeout = std::chrono::seconds(5);

    // Told of what is rare and worth a line in a log; see Event.
    EventHandler on_event = {};
};

} // namespace kodama
