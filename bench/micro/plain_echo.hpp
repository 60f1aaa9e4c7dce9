// The least that an echo server can do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <bench/micro/replay_ring.hpp>
#include <kodama/core/deadline.hpp>
#include <kodama/core/requests.hpp>
#include <kodama/core/token.hpp>
#include <kodama/ring/buffer_ring.hpp>
#include <kodama/ring/features.hpp>

namespace kodama::bench {

// Sends back whatever arrives, and trusts everybody: no peer is slow, gone or finished, the kernel
// takes every send whole, nobody is told anything and nothing is counted. What a worker takes more
// than this is what sessions, limits and order cost.
class PlainEcho {
public:
    explicit PlainEcho(ReplayRing::Traffic const& traffic)
        : memory_(std::size_t{buffer_count} * buffer_size),
          ring_(traffic),
          buffers_(ring_, buffer_count, 0),
          requests_(ring_, FeatureSet::all()) {
        for (std::uint16_t id = 0; id < buffer_count; ++id)
            buffers_.add(BufferId{id}, memory_of(id), buffer_size);
        buffers_.publish();
        requests_.accept_many(ReplayRing::listener, token(Operation::accept, 0));
    }

    void turn() noexcept {
        ring_.enter(1, never);
        requests_.entered();
        ring_.visit([this](Completion const& completion) noexcept { dispatch(completion); });
        buffers_.publish();
    }

    void run(std::uint64_t echoes) noexcept {
        std::uint64_t const target = ring_.counts().echoes + echoes;
        while (ring_.counts().echoes < target)
            turn();
    }

    [[nodiscard]] ReplayRing::Counts const& counts() const noexcept { return ring_.counts(); }

private:
    static constexpr std::uint16_t buffer_count = 256;
    static constexpr std::uint32_t buffer_size = 8192;

    [[nodiscard]] static Token token(Operation operation, std::uint32_t number) noexcept {
        return Token(operation, Slot{number}, Generation{});
    }
    [[nodiscard]] std::byte* memory_of(std::size_t id) noexcept {
        return &memory_[id * buffer_size];
    }

    void dispatch(Completion const& completion) noexcept {
        Token const about = Token::from_user_data(completion.user_data);
        std::uint32_t const number = index_of(about.slot());
        if (about.operation() == Operation::accept) {
            receive(static_cast<std::uint32_t>(completion.result));
        } else if (about.operation() == Operation::receive) {
            if (std::optional<BufferId> const id = completion.buffer()) {
                send(number, index_of(*id), completion.result);
            }
            if (!completion.more()) receive(number);
        } else {
            auto const id = static_cast<std::uint16_t>(number);
            buffers_.add(BufferId{id}, memory_of(id), buffer_size);
        }
    }

    void receive(std::uint32_t connection) noexcept {
        requests_.receive_many(static_cast<int>(connection), buffers_.group(),
                               token(Operation::receive, connection));
    }

    void send(std::uint32_t connection, std::uint16_t id, std::int32_t size) noexcept {
        std::array const vectors{
            iovec{.iov_base = memory_of(id), .iov_len = static_cast<std::size_t>(size)}};
        static_cast<void>(requests_.send(static_cast<int>(connection), vectors, SendPatience::none,
                                         token(Operation::send, id)));
    }

    std::vector<std::byte> memory_;
    ReplayRing ring_;
    BufferRing buffers_;
    Requests requests_;
};

} // namespace kodama::bench
