// A TCP server: workers, threads, signals, draining.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kodama/base/address.hpp>
#include <kodama/base/error.hpp>
#include <kodama/base/export.hpp>
#include <kodama/core/counters.hpp>
#include <kodama/ring/features.hpp>
#include <kodama/server/options.hpp>
#include <kodama/server/session.hpp>

namespace kodama {

// Everything of a server that does not depend on the session's type.
//
// Threads: the member functions may be called from any thread, one at a time, but for counters(),
// drain() and stop(), which may be called at any time.
class KODAMA_EXPORT BasicServer {
public:
    // Listens and starts the workers; when it returns, every worker accepts. Throws OptionError for
    // a value out of range, SetupError when the system or the kernel cannot serve.
    // `shared` is handed to sessions that want it, and must outlive the server.
    BasicServer(Options const& options, SessionHooks const& hooks, void* shared = nullptr);
    BasicServer(BasicServer const&) = delete;
    BasicServer& operator=(BasicServer const&) = delete;
    // stop().
    ~BasicServer();

    // What it listens on, in the order of the options, port 0 resolved.
    [[nodiscard]] std::vector<Address> const& endpoints() const noexcept;

    // What it uses of the kernel: what was found by trying, less what was disabled.
    [[nodiscard]] FeatureSet features() const noexcept;

    // How many threads serve: `Options::workers`, or what 0 there came to.
    [[nodiscard]] std::size_t worker_count() const noexcept;

    // How many connections it serves at most: `Options::max_connections`, or less where the limit
    // of descriptors, which the server raises as far as it may, does not allow them.
    [[nodiscard]] std::uint32_t max_connections() const noexcept;

    // The sum over the workers, or one worker's share. Relaxed: a moment's view, of each counter.
    [[nodiscard]] Counters counters() const noexcept;
    // Of one worker, below worker_count().
    [[nodiscard]] Counters counters(std::size_t worker) const;

    // Stops accepting, echoes (or whatever the session does with) everything that has arrived,
    // closes each connection as Connection::close() does, and after `timeout` resets what is left.
    // Blocks until all workers have ended; returns how many connections were reset, also when asked
    // again.
    std::uint64_t drain(std::chrono::nanoseconds timeout);

    // Resets every connection and ends the workers. Blocks until they have ended; returns how many
    // connections were reset. A drain() under way in another thread ends too.
    std::uint64_t stop();

    // Serves until SIGINT or SIGTERM, then drains for `Options::drain_timeout`; a second signal
    // ends that at once. Returns how many connections had to be reset. Blocks the signals in the
    // calling thread and takes them from there, so other threads of the program must block them
    // too, or be started later. Works as process 1.
    std::uint64_t run_until_signal();

    // The same; and on each SIGUSR1, and every `interval` unless that is 0, calls `report` in the
    // calling thread.
    std::uint64_t run_until_signal(std::function<void()> const& report,
                                   std::chrono::nanoseconds interval);

private:
    void begin_drain(std::chrono::nanoseconds timeout);

    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

// A server whose connections are served by sessions of type `S`, one each.
template <SessionHooksOf S> class Server : public BasicServer {
public:
    // Listens and starts; see BasicServer::BasicServer.
    explicit Server(Options const& options = {})
        requires Session<S>
        : BasicServer(options, (require_startable(), session_hooks<S>)) {}

    // With an object that all sessions share, whichever worker serves them:
    // `Server<Chat> server{{.listen = {"localhost:7"}}, room};`. It must outlive the server, and
    // is used by all workers' threads at once.
    template <class Shared>
        requires Session<S, Shared>
    Server(Options const& options, Shared& shared)
        : BasicServer(options, (require_startable(shared), session_hooks<S, Shared>),
                      address_of(shared)) {}

private:
    // A session may know why no server can be made of it, and of what is shared:
    // `static std::string start_error(Shared&...)`.
    template <class... Shared> static void require_startable(Shared&... shared) {
        if constexpr (requires { S::start_error(shared...); }) {
            if (std::string const error = S::start_error(shared...); !error.empty())
                throw OptionError(error);
        }
    }

    template <class Shared> static void* address_of(Shared& shared) noexcept {
        // What was const is only ever used as const again (SessionAdapter).
        return const_cast<void*>(static_cast<void const*>(std::addressof(shared)));
    }
};

} // namespace kodama
