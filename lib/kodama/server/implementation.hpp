// What a server is made of.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <kodama/base/export.hpp>
#include <kodama/base/unique_fd.hpp>
#include <kodama/core/deadline.hpp>
#include <kodama/core/worker.hpp>
#include <kodama/net/listening_socket.hpp>
#include <kodama/server/descriptor_limit.hpp>
#include <kodama/server/server.hpp>
#include <kodama/server/worker_thread.hpp>

namespace kodama {

// Options, listening sockets, workers. Threads: as for BasicServer.
class KODAMA_HIDDEN BasicServer::Implementation {
public:
    Implementation(Options const& options, SessionHooks const& hooks, void* shared);

    [[nodiscard]] Options const& options() const noexcept { return options_; }
    [[nodiscard]] std::vector<Address> const& endpoints() const noexcept { return endpoints_; }
    [[nodiscard]] FeatureSet features() const noexcept { return features_; }
    [[nodiscard]] std::size_t worker_count() const noexcept { return workers_.size(); }
    [[nodiscard]] Counters counters() const noexcept;
    [[nodiscard]] Counters counters(std::size_t worker) const;

    void begin_drain(std::chrono::nanoseconds timeout);
    void begin_stop();
    // Returns how many connections were reset.
    std::uint64_t wait_until_ended();
    // Readable when all workers have ended.
    [[nodiscard]] int ended_descriptor() const noexcept { return all_ended_.get(); }

private:
    [[nodiscard]] std::vector<ListeningSockets> listen(std::size_t worker_count);
    void fit_connections(std::uint64_t limit, DescriptorUsers const& users) noexcept;
    void worker_ended();

    Options options_;
    FeatureSet features_;
    std::vector<Address> endpoints_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t running_ = 0; // workers that have not ended
    UniqueFd all_ended_;

    std::vector<std::unique_ptr<WorkerThread>> workers_; // last, so that they end first
};

} // namespace kodama
