// A ring with what core puts around it, and peers on the other side. The facts that the contract
// tests state hold for every ring: WorldOf says how to make one, and how to be its peer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kodama/core/buffer_pool.hpp>
#include <kodama/core/requests.hpp>
#include <kodama/core/token.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <support/catch.hpp>

#include "kernel_world.hpp"
#include "rings.hpp"
#include "simulated_world.hpp"
#include "world.hpp"

namespace kodama::testing {

// Those of a ring's sets of features that have this one; where none has, the fullest of them.
template <class R> std::vector<FeatureSet> feature_sets_with(Feature feature) {
    std::vector<FeatureSet> sets = WorldOf<R>::feature_sets();
    FeatureSet const fullest = sets.front();
    std::erase_if(sets, [&](FeatureSet set) { return !set.has(feature); });
    if (sets.empty()) sets.push_back(fullest);
    return sets;
}

template <class R> class RingFixture {
public:
    using World = WorldOf<R>;
    using Peer = typename World::Peer;
    using Listener = typename World::Listener;

    static constexpr std::uint16_t group = 3;

    // A connection, from both sides. The table of connections is the test's.
    struct Connected {
        Peer peer;
        int descriptor;
    };

    explicit RingFixture(FeatureSet of, RingSizes const& sizes = {})
        : message_(Catch::MessageBuilder("INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info)
                   << "features: " << of.to_string()),
          features(of),
          listener(world.listen()),
          pool(sizes.buffers, sizes.buffer_size),
          ring(world.make(of, sizes)),
          requests(ring, of),
          buffers(ring, sizes.buffers, group) {
        ring.poll_busily(std::chrono::milliseconds(World::polls_busily ? 1 : 0));
        if (direct()) ring.require_direct_descriptors(sizes.direct_descriptors);
    }

    ~RingFixture() {
        for (int const descriptor : ordinary_)
            world.close_ordinary(descriptor);
    }

    RingFixture(RingFixture const&) = delete;
    RingFixture& operator=(RingFixture const&) = delete;

    [[nodiscard]] bool direct() const { return features.has(Feature::direct_descriptors); }

    // Tokens are for telling completions apart here; the number may be anything.
    [[nodiscard]] static Token token(Operation operation, std::uint32_t number = 0) {
        return Token(operation, Slot{number % slots_max}, Generation{number});
    }

    // Hands `count` buffers to the kernel.
    void publish(std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            BufferBlock* const block = pool.take_for_kernel();
            if (block == nullptr) throw std::runtime_error("no buffers left to publish");
            buffers.add(pool.id_of(*block), block->memory, pool.block_size());
        }
        buffers.publish();
    }

    // Submits, and sees what there is to see by now.
    void turn(std::chrono::milliseconds wait = std::chrono::milliseconds(0)) {
        ring.enter(wait.count() == 0 ? 0 : 1, ring.now() + wait);
        requests.entered();
        look();
    }

    // Reads the completions that are there without a call.
    void look() {
        ring.visit([this](Completion const& completion) { seen_.push_back(completion); });
    }

    // The oldest completion of this token that was not asked for before. Throws when there is none
    // in time.
    Completion await(Token wanted) {
        auto const deadline = ring.now() + patience;
        for (;;) {
            if (std::optional<Completion> const found = find(wanted)) return *found;
            if (ring.now() >= deadline) {
                throw std::runtime_error("no completion of operation " +
                                         std::to_string(static_cast<int>(wanted.operation())));
            }
            ring.enter(1, deadline);
            requests.entered();
            look();
        }
    }

    // The same among what was seen already.
    std::optional<Completion> find(Token wanted) {
        for (auto it = seen_.begin(); it != seen_.end(); ++it) {
            if (it->user_data != wanted.user_data()) continue;
            Completion const completion = *it;
            seen_.erase(it);
            return completion;
        }
        return std::nullopt;
    }

    template <class Predicate> void turn_until(char const* what, Predicate&& predicate) {
        auto const deadline = ring.now() + patience;
        while (!predicate()) {
            if (ring.now() >= deadline) throw std::runtime_error(std::string("in vain: ") + what);
            turn(std::chrono::milliseconds(1));
        }
    }

    // The bytes that a receive brought; the buffer goes back to the pool, not to the kernel.
    std::string bytes_of(Completion const& completion) {
        std::optional<BufferId> const id = completion.buffer();
        if (!id) return "";
        auto const size = static_cast<std::uint32_t>(std::max(completion.result, 0));
        return std::string(pool.received(*id, size).text());
    }

    Connected connect() {
        Peer peer = listener.connect();
        Token const accept = token(Operation::accept, 0xffff);
        requests.accept_one(listener.descriptor(), accept);
        Completion const completion = await(accept);
        if (completion.result < 0) throw std::runtime_error("accept failed");
        return {std::move(peer), own(completion.result)};
    }

    // An accepted descriptor that the test does not close itself.
    int own(int descriptor) {
        if (!direct()) ordinary_.insert(descriptor);
        return descriptor;
    }

    // With one request for many messages where there is that.
    void receive(int descriptor, Token wanted) {
        if (features.has(Feature::multishot_receive)) {
            requests.receive_many(descriptor, group, wanted);
        } else {
            requests.receive_one(descriptor, group, wanted);
        }
    }

    void close(int descriptor, Token wanted) {
        ordinary_.erase(descriptor);
        requests.close(descriptor, wanted);
    }

    std::size_t send(int descriptor, std::string_view text, SendPatience patience_, Token wanted) {
        iovec const vector = piece(text);
        return requests.send(descriptor, std::span(&vector, 1), patience_, wanted);
    }

    [[nodiscard]] static iovec piece(std::string_view text) {
        return {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
    }

    // Sends without patience until the peer's window and the socket's buffer are full; returns how
    // much went.
    std::size_t fill(int descriptor) {
        static std::string const text(1 << 18, 'f');
        std::size_t total = 0;
        for (std::uint32_t i = 0;; ++i) {
            Token const wanted = token(Operation::send, 0xf000 + i);
            send(descriptor, text, SendPatience::none, wanted);
            Completion const completion = await(wanted);
            if (completion.result < 0) return total;
            total += static_cast<std::size_t>(completion.result);
        }
    }

private:
    Catch::ScopedMessage message_;
    std::vector<Completion> seen_;
    std::set<int> ordinary_;

public:
    FeatureSet const features;
    World world;
    Listener listener;
    BufferPool pool; // outlives the ring, which writes into it
    R ring;
    Requests requests;
    BufferRing buffers;
};

} // namespace kodama::testing

// The sets of features that every fact is tried with.
#define KODAMA_GENERATE_FEATURES(RING)                                                             \
    GENERATE(from_range(::kodama::testing::WorldOf<RING>::feature_sets()))

// Those of them that a fact about one feature is tried with. Where the ring does not have it, the
// case skips.
#define KODAMA_GENERATE_FEATURES_WITH(RING, FEATURE)                                               \
    GENERATE(from_range(::kodama::testing::feature_sets_with<RING>(FEATURE)))
