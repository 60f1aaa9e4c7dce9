#include <bench/micro/replay_ring.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>

#include <sys/socket.h>

#include <kodama/base/assert.hpp>

namespace kodama::bench {

namespace {

// Ordinary descriptors are numbers that no direct one has.
constexpr std::int32_t first_descriptor = 1'000'000;

[[nodiscard]] std::uint32_t length_of(io_uring_sqe const& send) noexcept {
    if (send.opcode == IORING_OP_SEND) return send.len;
    auto const& message = *reinterpret_cast<msghdr const*>(send.addr);
    std::size_t length = 0;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i)
        length += message.msg_iov[i].iov_len;
    return static_cast<std::uint32_t>(length);
}

} // namespace

ReplayRing::ReplayRing(Traffic const& traffic)
    : traffic_(traffic),
      peers_(traffic.connections),
      waiting_(std::bit_ceil(traffic.connections)),
      entries_(entries_max),
      completions_(completions_max) {
    KODAMA_ASSERT(traffic.connections > 0);
    KODAMA_ASSERT(traffic.message_size > 0);
    KODAMA_ASSERT(traffic.batch > 0);
    submission_ = {.entries = entries_.data(),
                   .kernel_head = &entries_head_,
                   .kernel_tail = nullptr,
                   .kernel_flags = &entries_flags_,
                   .mask = entries_max - 1,
                   .tail = 0};
    completion_ = {.entries = completions_.data(),
                   .kernel_head = &completions_head_,
                   .kernel_tail = &completions_tail_,
                   .mask = completions_max - 1};
}

void ReplayRing::end_traffic() noexcept {
    flows_ = false;
    waiting_head_ = waiting_tail_;
    for (Peer& peer : peers_) {
        peer.to_arrive = 0;
        peer.waits = false;
    }
}

// --- the calls

void ReplayRing::enter(unsigned wait_for, TimePoint) noexcept {
    ++counts_.enters;
    consume();
    if (wait_for > 0) {
        bool const looks = wait_for == 1 && look_for_ > look_for_.zero();
        counts_.looks += looks ? 1 : 0;
        cpu_time_ += looks ? traffic_.looking : traffic_.sleeping;
    }
    if (completions_ready() < std::max(wait_for, 1u)) let_things_happen();
}

void ReplayRing::submit() noexcept {
    ++counts_.enters;
    consume();
}

int ReplayRing::register_buffer_ring(io_uring_buf* entries, unsigned count,
                                     std::uint16_t) noexcept {
    KODAMA_ASSERT(buffers_ == nullptr);
    buffers_ = entries;
    buffers_mask_ = static_cast<std::uint16_t>(count - 1);
    return 0;
}

void ReplayRing::unregister_buffer_ring(std::uint16_t) noexcept { buffers_ = nullptr; }

// --- completions

unsigned ReplayRing::completions_ready() const noexcept {
    return completions_tail_ - completions_head_;
}

void ReplayRing::post(std::uint64_t user_data, std::int32_t result, std::uint32_t flags) noexcept {
    KODAMA_ASSERT(completions_ready() < completions_max);
    io_uring_cqe& entry = completions_[completions_tail_ % completions_max];
    entry.user_data = user_data;
    entry.res = result;
    entry.flags = flags;
    store_release(&completions_tail_, completions_tail_ + 1);
    ++counts_.completions;
}

void ReplayRing::answer(Armed& armed, std::int32_t result, std::uint32_t flags,
                        bool more) noexcept {
    post(armed.user_data, result, flags | (more ? IORING_CQE_F_MORE : 0u));
    if (!more) armed = {};
}

// --- entries

void ReplayRing::consume() noexcept {
    unsigned const tail = submission_.tail;
    counts_.entries += tail - entries_head_;
    for (unsigned i = entries_head_; i != tail; ++i)
        issue(entries_[i % entries_max]);
    store_release(&entries_head_, tail);
}

void ReplayRing::issue(io_uring_sqe const& entry) noexcept {
    bool const multishot_accept = (entry.ioprio & IORING_ACCEPT_MULTISHOT) != 0;
    switch (entry.opcode) {
    case IORING_OP_ACCEPT:
        accept_ = {.user_data = entry.user_data, .multishot = multishot_accept};
        accepts_direct_ = entry.file_index != 0;
        return;
    case IORING_OP_RECV:
        return receive(entry);
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
        return send(entry);
    case IORING_OP_SHUTDOWN:
        return shut_down(entry);
    case IORING_OP_CONNECT:
        return reset(entry);
    case IORING_OP_CLOSE:
        return close(entry);
    case IORING_OP_ASYNC_CANCEL:
        return cancel(entry);
    case IORING_OP_READ:
        wake_ = {.user_data = entry.user_data, .multishot = false};
        return;
    default:
        assertion_failed("the replayed kernel does not know this entry", "opcode", entry.opcode);
    }
}

ReplayRing::Peer& ReplayRing::peer_of(io_uring_sqe const& entry) noexcept {
    bool const direct = (entry.flags & IOSQE_FIXED_FILE) != 0;
    auto const index = static_cast<std::uint32_t>(entry.fd - (direct ? 0 : first_descriptor));
    KODAMA_ASSERT(index < peers_.size());
    return peers_[index];
}

void ReplayRing::receive(io_uring_sqe const& entry) noexcept {
    Peer& peer = peer_of(entry);
    peer.receive = {.user_data = entry.user_data,
                    .multishot = (entry.ioprio & IORING_RECV_MULTISHOT) != 0};
    bool const waits_not = (entry.msg_flags & MSG_DONTWAIT) != 0;
    if (waits_not && !peer.finishes) return answer(peer.receive, -EAGAIN, 0, false);
    want_to_arrive(peer);
}

void ReplayRing::send(io_uring_sqe const& entry) noexcept {
    std::uint32_t const length = length_of(entry);
    if ((entry.flags & IOSQE_CQE_SKIP_SUCCESS) == 0) {
        post(entry.user_data, static_cast<std::int32_t>(length));
    }
    Peer& peer = peer_of(entry);
    KODAMA_ASSERT(length <= peer.to_come_back);
    peer.to_come_back -= length;
    if (peer.to_come_back > 0) return;
    ++counts_.echoes;
    if (flows_) send_next_message(peer);
}

void ReplayRing::shut_down(io_uring_sqe const& entry) noexcept {
    Peer& peer = peer_of(entry);
    peer.finishes = true;
    post(entry.user_data, 0);
    want_to_arrive(peer);
}

void ReplayRing::reset(io_uring_sqe const& entry) noexcept {
    Armed& armed = peer_of(entry).receive;
    post(entry.user_data, 0);
    if (armed.user_data != 0) answer(armed, -ECONNRESET, 0, false);
}

void ReplayRing::close(io_uring_sqe const& entry) noexcept {
    bool const connection = entry.file_index != 0 || entry.fd >= first_descriptor;
    if (connection) ++counts_.closed;
    post(entry.user_data, 0);
}

bool ReplayRing::cancel(Armed& armed, std::uint64_t user_data) noexcept {
    if (armed.user_data != user_data) return false;
    answer(armed, -ECANCELED, 0, false);
    return true;
}

void ReplayRing::cancel(io_uring_sqe const& entry) noexcept {
    bool const found = cancel(accept_, entry.addr) ||
                       std::any_of(peers_.begin(), peers_.end(),
                                   [&](Peer& peer) { return cancel(peer.receive, entry.addr); });
    post(entry.user_data, found ? 0 : -ENOENT);
}

// --- peers

void ReplayRing::let_things_happen() noexcept {
    if (wake_.user_data != 0 && woken_.exchange(false, std::memory_order_acquire)) {
        answer(wake_, sizeof(std::uint64_t), 0, false);
    }
    if (connected_ < peers_.size() && flows_) return connect_peers();
    for (std::uint32_t left = traffic_.batch; left > 0 && waiting_head_ != waiting_tail_; --left) {
        Peer& peer = peers_[waiting_[waiting_head_++ % waiting_.size()]];
        peer.waits = false;
        arrive(peer);
    }
}

void ReplayRing::connect_peers() noexcept {
    while (accept_.user_data != 0 && connected_ < peers_.size() &&
           completions_ready() < completions_max) {
        auto const index = static_cast<std::int32_t>(connected_);
        send_next_message(peers_[connected_++]);
        answer(accept_, accepts_direct_ ? index : first_descriptor + index, 0, accept_.multishot);
    }
}

void ReplayRing::send_next_message(Peer& peer) noexcept {
    peer.to_arrive = peer.to_come_back = traffic_.message_size;
    want_to_arrive(peer);
}

void ReplayRing::want_to_arrive(Peer& peer) noexcept {
    bool const something = peer.to_arrive > 0 || peer.finishes;
    if (!something || peer.receive.user_data == 0 || peer.waits) return;
    peer.waits = true;
    waiting_[waiting_tail_++ % waiting_.size()] = static_cast<std::uint32_t>(&peer - &peers_[0]);
}

// As much of its message as there are buffers for. When it ends before the message does, the next
// receive gets the rest.
void ReplayRing::arrive(Peer& peer) noexcept {
    Armed& armed = peer.receive;
    if (armed.user_data == 0) return; // it was cancelled meanwhile
    while (peer.to_arrive > 0 && armed.user_data != 0) {
        std::uint16_t const tail =
            std::atomic_ref<std::uint16_t>(buffers_[0].resv).load(std::memory_order_acquire);
        if (tail == buffers_head_) return answer(armed, -ENOBUFS, 0, false);
        io_uring_buf const& buffer = buffers_[buffers_head_++ & buffers_mask_];
        std::uint32_t const count = std::min(peer.to_arrive, buffer.len);
        peer.to_arrive -= count;
        answer(armed, static_cast<std::int32_t>(count),
               IORING_CQE_F_BUFFER | std::uint32_t{buffer.bid} << IORING_CQE_BUFFER_SHIFT,
               armed.multishot);
    }
    if (peer.to_arrive == 0 && peer.finishes) answer(armed, 0, 0, false);
}

} // namespace kodama::bench
