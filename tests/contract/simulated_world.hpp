// The other side of the simulated ring, and what its tests need around it. Nothing here has a time
// of its own, so nobody waits: where the kernel's peer would block, what it waits for cannot come.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kodama/simulation/network.hpp>
#include <kodama/simulation/simulated_ring.hpp>
#include <kodama/simulation/sometimes.hpp>
#include <kodama/simulation/tape.hpp>

#include "world.hpp"

namespace kodama::testing {

// The end of a connection; closes it when it goes.
class SimulatedPeer {
public:
    SimulatedPeer(simulation::Network& network, simulation::ConnectionNumber number)
        : network_(&network), number_(number), address_(network.peer_address(number)) {}
    SimulatedPeer(SimulatedPeer&& other) noexcept
        : network_(std::exchange(other.network_, nullptr)),
          number_(other.number_),
          address_(other.address_) {}
    SimulatedPeer& operator=(SimulatedPeer&& other) noexcept {
        std::swap(network_, other.network_);
        std::swap(number_, other.number_);
        std::swap(address_, other.address_);
        return *this;
    }
    ~SimulatedPeer() {
        if (network_ != nullptr) leave();
    }

    void send(std::string_view text) {
        std::span<std::byte const> left = std::as_bytes(std::span(text));
        while (!left.empty()) {
            if (socket().over) throw std::runtime_error("send: the connection was reset");
            std::size_t const count = network_->write(number_, left);
            // It goes out, and a reset is the answer; the next call will be told.
            if (count == 0 && socket().over) return;
            if (count == 0) throw std::runtime_error("send: the window stays full");
            left = left.subspan(count);
        }
    }

    void send_and_finish(std::string_view text) {
        send(text);
        finish();
    }

    void finish() { network_->finish(number_); }

    void reset() { std::exchange(network_, nullptr)->reset_by_peer(number_, false); }

    void leave() { std::exchange(network_, nullptr)->close_peer_end(number_, false); }

    std::string receive(std::size_t size) {
        std::string text = read(size);
        if (text.size() < size && !network_->at_fin(number_)) {
            throw std::runtime_error(socket().over ? "recv: the connection was reset"
                                                   : "recv: nothing comes any more");
        }
        return text;
    }

    std::string receive_arrived() { return read(std::size_t{1} << 16); }

    int receive_end() {
        network_->read(number_, socket().outbound.size());
        if (network_->at_fin(number_)) return 0;
        if (network_->at_reset(number_)) return ECONNRESET;
        throw std::runtime_error("recv: no end comes");
    }

    [[nodiscard]] bool hears_nothing() const {
        return socket().outbound.empty() && !network_->at_fin(number_) &&
               !network_->at_reset(number_);
    }

    [[nodiscard]] Address address() const { return address_; }

private:
    [[nodiscard]] simulation::Socket& socket() const { return network_->socket(number_); }

    std::string read(std::size_t size) {
        std::span<std::byte const> const bytes = socket().outbound.bytes();
        std::string text(std::min(size, bytes.size()), '\0');
        std::copy_n(bytes.begin(), text.size(), std::as_writable_bytes(std::span(text)).begin());
        network_->read(number_, text.size());
        return text;
    }

    simulation::Network* network_; // null when it has gone
    simulation::ConnectionNumber number_;
    Address address_;
};

class SimulatedListener {
public:
    explicit SimulatedListener(simulation::Network& network)
        : network_(network), descriptor_(network.listen(backlog)) {}

    [[nodiscard]] int descriptor() const { return descriptor_; }

    [[nodiscard]] int release() { return descriptor_; }

    void shut_down() { network_.shut_down_listener(*network_.listener(descriptor_)); }

    [[nodiscard]] Address address() const {
        return Address::ipv4({127, 0, 0, 1}, static_cast<std::uint16_t>(descriptor_));
    }

    // The next of those whom the ring has connected.
    [[nodiscard]] SimulatedPeer accept() {
        for (; next_ < network_.connection_count(); ++next_) {
            auto const number = static_cast<simulation::ConnectionNumber>(next_);
            if (!network_.socket(number).outgoing || !network_.socket(number).connected) continue;
            ++next_;
            return SimulatedPeer(network_, number);
        }
        throw std::runtime_error("accept: nobody comes");
    }

    [[nodiscard]] SimulatedPeer connect() const {
        simulation::ConnectionNumber number = 0;
        switch (try_connect(number)) {
        case Connect::connected:
            break;
        case Connect::wait:
            throw std::runtime_error("connect: nobody accepts, and the backlog is full");
        case Connect::refused:
            throw std::runtime_error("connect: Connection refused");
        }
        return SimulatedPeer(network_, number);
    }

    [[nodiscard]] bool connects_at_once() const {
        simulation::ConnectionNumber number = 0;
        bool const connected = try_connect(number) == Connect::connected;
        if (connected) SimulatedPeer(network_, number).leave();
        return connected;
    }

private:
    using Connect = simulation::Network::Connect;

    Connect try_connect(simulation::ConnectionNumber& number) const {
        // As much as a test may want to have under way before anybody reads it, and little enough
        // for a window to be filled quickly.
        constexpr simulation::Network::Windows windows{.inbound = 1 << 20, .outbound = 1 << 20};
        return network_.connect(descriptor_, simulation::whole_run, windows, number);
    }

    static constexpr std::uint32_t backlog = 128;

    simulation::Network& network_;
    int descriptor_;
    std::size_t next_ = 0;
};

// Nothing happens but what it is told to do: by turns while the ring waits, and before the ring
// takes the next entries.
class QuietOutside final : public simulation::Outside {
public:
    [[nodiscard]] TimePoint next_event() const override { return due_; }

    void run(TimePoint now) override {
        if (!work_) return;
        if (due_ == never && waits_) due_ = now + std::chrono::milliseconds(1);
        if (due_ == never || due_ <= now) do_it();
    }

    void set(std::function<void()> work) {
        work_ = std::move(work);
        waits_ = !waits_;
    }

    void finish() {
        if (work_) do_it(); // The ring has not waited.
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

private:
    void do_it() {
        due_ = never;
        try {
            std::exchange(work_, nullptr)();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    std::function<void()> work_;
    bool waits_ = false;
    TimePoint due_ = never; // known when the ring has been entered
    std::exception_ptr failure_;
};

template <> class WorldOf<simulation::SimulatedRing> {
public:
    using Peer = SimulatedPeer;
    using Listener = SimulatedListener;

    static constexpr bool polls_busily = false;

    static std::vector<FeatureSet> feature_sets() {
        std::vector<FeatureSet> sets(4, FeatureSet::all());
        sets[1].remove(Feature::direct_descriptors);
        sets[2].remove(Feature::defer_taskrun);
        sets[3].remove(Feature::multishot_accept);
        sets[3].remove(Feature::multishot_receive);
        sets[3].remove(Feature::silent_sends);
        return sets;
    }

    simulation::SimulatedRing make(FeatureSet features, RingSizes const& sizes) {
        return simulation::SimulatedRing(
            network_, tape_, outside_, sometimes_,
            {.entries = sizes.entries,
             .completions = std::max(sizes.completions, sizes.entries), // as KernelRing
             .features = features,
             .descriptors = sizes.ordinary_descriptors,
             .check_protocol = sizes.checked});
    }

    Listener listen() { return Listener(network_); }

    void close_ordinary(int /*descriptor*/) {}

    struct Limit {
        ~Limit() {} // As the kernel's, it is there for its end.
    };
    // It was made with so many.
    [[nodiscard]] Limit limit_descriptors(RingSizes const& /*sizes*/) { return {}; }

    class Meanwhile {
    public:
        explicit Meanwhile(QuietOutside& outside) : outside_(outside) {}
        void join() { outside_.finish(); }

    private:
        QuietOutside& outside_;
    };
    [[nodiscard]] Meanwhile meanwhile(std::function<void()> work) {
        outside_.set(std::move(work));
        return Meanwhile(outside_);
    }

private:
    simulation::Network network_;
    std::unique_ptr<simulation::DecisionLog> log_ = std::make_unique<simulation::DecisionLog>();
    simulation::ScriptedTape tape_{*log_, {}};
    QuietOutside outside_;
    simulation::SometimesCounts sometimes_;
};

} // namespace kodama::testing
