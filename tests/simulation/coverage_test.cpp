#include <kodama/simulation/coverage.hpp>

#include <cerrno>
#include <set>
#include <string>

#include <sys/socket.h>

#include <support/catch.hpp>

using namespace kodama;
using namespace kodama::simulation;

namespace {

constexpr std::uint32_t has_buffer = IORING_CQE_F_BUFFER;
constexpr std::uint32_t has_more = IORING_CQE_F_BUFFER | IORING_CQE_F_MORE;

// The traffic of one connection, written down by hand.
class Traffic {
public:
    void submit(Operation operation, std::uint8_t opcode, std::uint32_t length = 0,
                std::uint32_t message_flags = 0) {
        io_uring_sqe entry{};
        entry.opcode = opcode;
        entry.len = length;
        entry.msg_flags = message_flags;
        entry.user_data = user_data(operation);
        coverage_.on_submitted(entry, TimePoint{});
    }
    void receive() { submit(Operation::receive, IORING_OP_RECV); }
    void send_quickly(std::uint32_t length) {
        submit(Operation::send, IORING_OP_SEND, length, MSG_DONTWAIT);
    }
    // What the silent end of that is counted as.
    std::string succeed_silently() {
        return counted_by(
            [&] { coverage_.on_silent_success(user_data(Operation::send), TimePoint{}); });
    }
    void send_patiently(std::uint32_t length) { submit(Operation::send, IORING_OP_SEND, length); }

    // What it counts this as, such as "reading/data"; empty if as nothing.
    std::string complete(Operation operation, std::int32_t result, std::uint32_t flags = 0) {
        io_uring_cqe completion{};
        completion.user_data = user_data(operation);
        completion.res = result;
        completion.flags = flags;
        // By pointer: Clang captures nothing that ends in an array without a bound.
        return counted_by(
            [this, entry = &completion] { coverage_.on_completed(*entry, TimePoint{}); });
    }
    std::string received(std::int32_t result, std::uint32_t flags = 0) {
        return complete(Operation::receive, result, flags);
    }

    std::uint32_t slot = 5;
    std::uint32_t generation = 0;

private:
    template <class Event> std::string counted_by(Event&& event) {
        CoverageCounts const before = counts_;
        event();
        std::string counted;
        for (std::size_t s = 0; s < situation_count; ++s) {
            for (std::size_t h = 0; h < happening_count; ++h) {
                if (counts_.counts[s][h] == before.counts[s][h]) continue;
                counted += std::string(name_of(static_cast<Situation>(s))) + "/" +
                           std::string(name_of(static_cast<Happening>(h)));
            }
        }
        return counted;
    }

    [[nodiscard]] std::uint64_t user_data(Operation operation) const {
        return Token(operation, Slot{slot}, Generation{generation}).user_data();
    }

    CoverageCounts counts_;
    Coverage coverage_{counts_, nullptr};
};

class Counting final : public Watcher {
public:
    void on_submitted(io_uring_sqe const& /*entry*/, TimePoint /*now*/) override { ++submitted; }
    void on_completed(io_uring_cqe const& /*entry*/, TimePoint /*now*/) override { ++completed; }
    void on_silent_success(std::uint64_t /*user_data*/, TimePoint /*now*/) override { ++silent; }

    int submitted = 0;
    int completed = 0;
    int silent = 0;
};

} // namespace

TEST_CASE("Coverage follows a connection that echoes until the peer's FIN") {
    Traffic traffic;
    traffic.receive();
    CHECK(traffic.received(7, has_more) == "reading/data");
    traffic.send_quickly(7);
    CHECK(traffic.complete(Operation::send, 7) == "sending/sent");
    CHECK(traffic.received(7, has_buffer) == "reading/last_data");
    traffic.receive();
    CHECK(traffic.received(0) == "reading/fin");
    traffic.send_quickly(7);
    CHECK(traffic.complete(Operation::send, 7) == "half_closed/sent");
    traffic.submit(Operation::shut_down, IORING_OP_SHUTDOWN);
    CHECK(traffic.complete(Operation::shut_down, 0) == "finishing/shut_down");
    traffic.submit(Operation::close, IORING_OP_CLOSE);
    CHECK(traffic.complete(Operation::close, 0) == "closing/closed");
}

TEST_CASE("Coverage knows of a silent send by its silence") {
    Traffic traffic;
    traffic.receive();
    traffic.send_quickly(7);
    CHECK(traffic.succeed_silently() == "sending/sent");
    CHECK(traffic.received(7, has_more) == "reading/data");
    traffic.send_quickly(7);
    CHECK(traffic.complete(Operation::send, 3) == "sending/sent_part");
}

TEST_CASE("Coverage tells a peer that does not read by the send that waits for it") {
    Traffic traffic;
    traffic.receive();
    traffic.send_quickly(10);
    CHECK(traffic.complete(Operation::send, 4) == "sending/sent_part");
    traffic.send_patiently(6);
    CHECK(traffic.received(3, has_more) == "blocked/data");
    traffic.submit(Operation::cancel_receive, IORING_OP_ASYNC_CANCEL);
    CHECK(traffic.received(-ECANCELED) == "blocked/receive_cancelled");
    CHECK(traffic.complete(Operation::cancel_receive, 0) == "blocked/cancel_succeeded");
    CHECK(traffic.complete(Operation::send, 6) == "blocked/sent");
    // Neither receiving nor sending.
    CHECK(traffic.complete(Operation::cancel_receive, -ENOENT) == "paused/cancel_not_found");
}

TEST_CASE("Coverage knows who waits for buffers") {
    Traffic traffic;
    traffic.receive();
    CHECK(traffic.received(-ENOBUFS) == "reading/no_buffers");
    CHECK(traffic.complete(Operation::cancel_receive, -ENOENT) == "parked/cancel_not_found");
    traffic.receive();
    CHECK(traffic.received(1, has_more) == "reading/data");
}

TEST_CASE("Coverage knows each way in which something fails") {
    Traffic traffic;
    traffic.receive();
    CHECK(traffic.received(-EINTR) == "reading/receive_again");
    traffic.receive();
    CHECK(traffic.received(-EAGAIN, has_buffer) == "reading/receive_again");
    traffic.receive();
    CHECK(traffic.complete(Operation::cancel_receive, -EALREADY) == "reading/cancel_too_late");
    traffic.send_quickly(1);
    CHECK(traffic.complete(Operation::send, -EAGAIN) == "sending/sent_part");
    traffic.send_patiently(1);
    CHECK(traffic.complete(Operation::send, -EPIPE) == "blocked/send_failed");
    CHECK(traffic.received(-ECONNRESET) == "ending/receive_failed");
}

TEST_CASE("Coverage knows a connection that is being reset") {
    Traffic traffic;
    traffic.receive();
    traffic.send_patiently(9);
    traffic.submit(Operation::reset, IORING_OP_CONNECT);
    CHECK(traffic.complete(Operation::reset, 0) == "ending/was_reset");
    CHECK(traffic.complete(Operation::send, -ECANCELED) == "ending/send_cancelled");
    CHECK(traffic.complete(Operation::cancel_send, 0) == "ending/cancel_succeeded");
    CHECK(traffic.received(-ECANCELED) == "ending/receive_cancelled");
}

TEST_CASE("Coverage counts the pieces of a message together") {
    Traffic traffic;
    std::array<iovec, 2> pieces{iovec{nullptr, 3}, iovec{nullptr, 4}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    CoverageCounts counts;
    Coverage coverage(counts, nullptr);
    io_uring_sqe entry{};
    entry.opcode = IORING_OP_SENDMSG;
    entry.addr = reinterpret_cast<std::uint64_t>(&message);
    entry.msg_flags = MSG_DONTWAIT;
    entry.user_data = Token(Operation::send, Slot{0}, Generation{}).user_data();
    auto const of = [&](Happening happening) {
        return counts.counts[static_cast<std::size_t>(Situation::sending)]
                            [static_cast<std::size_t>(happening)];
    };
    for (std::int32_t const result : {7, 6}) {
        coverage.on_submitted(entry, TimePoint{});
        io_uring_cqe completion{};
        completion.user_data = entry.user_data;
        completion.res = result;
        coverage.on_completed(completion, TimePoint{});
    }
    CHECK(of(Happening::sent) == 1);
    CHECK(of(Happening::sent_part) == 1);
}

TEST_CASE("Coverage takes the next user of a slot for another connection") {
    Traffic traffic;
    traffic.receive();
    CHECK(traffic.received(0) == "reading/fin");
    traffic.submit(Operation::close, IORING_OP_CLOSE);
    ++traffic.generation;
    traffic.receive();
    --traffic.generation;
    CHECK(traffic.complete(Operation::close, 0).empty()); // stale
    ++traffic.generation;
    CHECK(traffic.received(1, has_more) == "reading/data");
    traffic.slot = 6;
    traffic.receive();
    CHECK(traffic.received(1, has_more) == "reading/data");
}

TEST_CASE("Coverage is about connections alone, and hands everything on") {
    CoverageCounts counts;
    Counting next;
    Coverage coverage(counts, &next);
    for (Operation const operation : {Operation::accept, Operation::cancel_accept,
                                      Operation::close_listener, Operation::wake}) {
        io_uring_sqe entry{};
        entry.user_data = Token(operation, Slot{0}, Generation{}).user_data();
        coverage.on_submitted(entry, TimePoint{});
        io_uring_cqe completion{};
        completion.user_data = entry.user_data;
        coverage.on_completed(completion, TimePoint{});
    }
    CHECK(next.submitted == 4);
    CHECK(next.completed == 4);
    CHECK(counts.counts == CoverageCounts{}.counts);
}

TEST_CASE("Every situation and happening has a name, and each can be met") {
    std::set<std::string_view> names;
    for (std::size_t s = 0; s < situation_count; ++s) {
        auto const situation = static_cast<Situation>(s);
        CHECK(names.insert(name_of(situation)).second);
        bool any = false;
        for (std::size_t h = 0; h < happening_count; ++h)
            any = any || legal(situation, static_cast<Happening>(h));
        CHECK(any);
    }
    for (std::size_t h = 0; h < happening_count; ++h) {
        auto const happening = static_cast<Happening>(h);
        CHECK(names.insert(name_of(happening)).second);
        bool any = false;
        for (std::size_t s = 0; s < situation_count; ++s)
            any = any || legal(static_cast<Situation>(s), happening);
        CHECK(any);
    }
}
