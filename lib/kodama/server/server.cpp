#include <kodama/server/server.hpp>

#include <kodama/server/implementation.hpp>

namespace kodama {

BasicServer::BasicServer(Options const& options, SessionHooks const& hooks, void* shared)
    : implementation_(std::make_unique<Implementation>(options, hooks, shared)) {}

BasicServer::~BasicServer() = default;

std::vector<Address> const& BasicServer::endpoints() const noexcept {
    return implementation_->endpoints();
}

FeatureSet BasicServer::features() const noexcept { return implementation_->features(); }

std::uint32_t BasicServer::max_connections() const noexcept {
    return implementation_->options().max_connections;
}

std::size_t BasicServer::worker_count() const noexcept { return implementation_->worker_count(); }

Counters BasicServer::counters() const noexcept { return implementation_->counters(); }

Counters BasicServer::counters(std::size_t worker) const {
    return implementation_->counters(worker);
}

std::uint64_t BasicServer::drain(std::chrono::nanoseconds timeout) {
    implementation_->begin_drain(timeout);
    return implementation_->wait_until_ended();
}

std::uint64_t BasicServer::stop() {
    implementation_->begin_stop();
    return implementation_->wait_until_ended();
}

} // namespace kodama
