// Entries that the kernel refuses, and with which error. Unchecked, because the library makes none
// of them; what a mistake in it would lead to is to be seen in the simulation all the same.
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include <sys/socket.h>

#include "ring_fixture.hpp"

using kodama::Completion;
using kodama::Feature;
using kodama::Operation;
using kodama::Token;
using kodama::testing::RingFixture;

namespace {

constexpr int nobody = 500;     // neither a descriptor nor a direct one
constexpr int beyond = 1 << 19; // outside of every table
constexpr __u8 unknown_bit = 0x80;

// A legal entry, and what makes it illegal.
struct Illegal {
    char const* what;
    int error;
    std::function<void(io_uring_sqe&)> spoil;
};
using Illegals = std::vector<Illegal>;

template <class Fixture> Token hand_in(Fixture& fixture, io_uring_sqe const& entry) {
    Token const token = fixture.token(Operation::wake, 1);
    io_uring_sqe* const place = fixture.ring.next_entry();
    REQUIRE(place != nullptr);
    *place = entry;
    place->user_data = token.user_data();
    return token;
}

// Each is answered at once, alone, and once.
template <class Fixture>
void check_refused(Fixture& fixture, io_uring_sqe const& legal, Illegals const& illegals) {
    for (Illegal const& illegal : illegals) {
        CAPTURE(illegal.what);
        io_uring_sqe entry = legal;
        illegal.spoil(entry);
        Token const token = hand_in(fixture, entry);
        Completion const completion = fixture.await(token);
        CHECK(completion.result == -illegal.error);
        CHECK(completion.flags == 0);
        fixture.turn();
        CHECK_FALSE(fixture.find(token).has_value());
    }
}

io_uring_sqe entry_of(__u8 opcode, int descriptor) {
    io_uring_sqe entry{};
    entry.opcode = opcode;
    entry.fd = descriptor;
    return entry;
}

template <class Fixture> io_uring_sqe entry_for(Fixture& fixture, __u8 opcode, int descriptor) {
    io_uring_sqe entry = entry_of(opcode, descriptor);
    if (fixture.direct()) entry.flags |= IOSQE_FIXED_FILE;
    return entry;
}

} // namespace

TEMPLATE_TEST_CASE("a Ring refuses an accept that cannot be", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto const connected = fixture.connect();
    io_uring_sqe legal = entry_of(IORING_OP_ACCEPT, fixture.listener.descriptor());
    if (fixture.direct()) legal.file_index = IORING_FILE_INDEX_ALLOC;
    auto waiting = fixture.listener.connect();
    check_refused(
        fixture, legal,
        {{"a length", EINVAL, [](io_uring_sqe& e) { e.len = 1; }},
         {"a buffer's index", EINVAL, [](io_uring_sqe& e) { e.buf_index = 1; }},
         {"an unknown ioprio", EINVAL, [](io_uring_sqe& e) { e.ioprio = unknown_bit; }},
         {"unknown flags", EINVAL, [](io_uring_sqe& e) { e.accept_flags = unknown_bit; }},
         {"an unknown flag of entries", EINVAL, [](io_uring_sqe& e) { e.flags |= unknown_bit; }},
         {"a group of buffers", EOPNOTSUPP,
          [](io_uring_sqe& e) { e.flags |= IOSQE_BUFFER_SELECT; }},
         {"one place for many", EINVAL,
          [](io_uring_sqe& e) {
              e.file_index = 1;
              e.ioprio = IORING_ACCEPT_MULTISHOT;
          }},
         {"a direct descriptor that is closed on exec", EINVAL,
          [](io_uring_sqe& e) {
              e.file_index = IORING_FILE_INDEX_ALLOC;
              e.accept_flags = SOCK_CLOEXEC;
          }},
         {"nobody's descriptor", EBADF, [](io_uring_sqe& e) { e.fd = nobody; }},
         {"no descriptor", EBADF, [](io_uring_sqe& e) { e.fd = -1; }},
         {"something else than a socket", ENOTSOCK,
          [&](io_uring_sqe& e) { e.fd = fixture.ring.wake_descriptor(); }},
         {"a connection", EINVAL, [&](io_uring_sqe& e) {
              e.fd = connected.descriptor;
              if (fixture.direct()) e.flags |= IOSQE_FIXED_FILE;
          }}});
    // They have taken nobody out of the queue.
    Token const accept = fixture.token(Operation::accept);
    fixture.requests.accept_one(fixture.listener.descriptor(), accept);
    Completion const completion = fixture.await(accept);
    REQUIRE(completion.result >= 0);
    CHECK(fixture.ring.peer_address(fixture.own(completion.result)) == waiting.address());
}

TEMPLATE_TEST_CASE("a Ring accepts into no table of direct descriptors when there is none",
                   "[contract]", KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    if (fixture.direct()) return;
    auto dropped = fixture.listener.connect();
    io_uring_sqe entry = entry_of(IORING_OP_ACCEPT, fixture.listener.descriptor());
    entry.file_index = IORING_FILE_INDEX_ALLOC;
    CHECK(fixture.await(hand_in(fixture, entry)).result == -ENFILE); // as if it were full
}

TEMPLATE_TEST_CASE("a Ring refuses a receive that cannot be", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    fixture.publish(4);
    connected.peer.send("kept");
    io_uring_sqe legal = entry_for(fixture, IORING_OP_RECV, connected.descriptor);
    legal.flags |= IOSQE_BUFFER_SELECT;
    legal.buf_group = fixture.group;
    check_refused(
        fixture, legal,
        {{"many messages without a group", EINVAL,
          [](io_uring_sqe& e) {
              e.flags &= static_cast<__u8>(~IOSQE_BUFFER_SELECT);
              e.ioprio = IORING_RECV_MULTISHOT;
          }},
         {"many messages, each of them whole", EINVAL,
          [](io_uring_sqe& e) {
              e.ioprio = IORING_RECV_MULTISHOT;
              e.msg_flags = MSG_WAITALL;
          }},
         {"a second address", EINVAL, [](io_uring_sqe& e) { e.addr2 = 1; }},
         {"a place in the table", EINVAL, [](io_uring_sqe& e) { e.file_index = 1; }},
         {"a group that nobody registered", ENOBUFS, [](io_uring_sqe& e) { e.buf_group = 99; }},
         {"nobody's descriptor", EBADF, [](io_uring_sqe& e) { e.fd = nobody; }},
         {"no descriptor", EBADF, [](io_uring_sqe& e) { e.fd = -1; }},
         {"something else than a socket", ENOTSOCK,
          [&](io_uring_sqe& e) {
              e.fd = fixture.ring.wake_descriptor();
              e.flags &= static_cast<__u8>(~IOSQE_FIXED_FILE);
          }},
         {"a listening socket", ENOTCONN, [&](io_uring_sqe& e) {
              e.fd = fixture.listener.descriptor();
              e.flags &= static_cast<__u8>(~IOSQE_FIXED_FILE);
          }}});
    // They have taken nothing.
    Token const token = fixture.token(Operation::receive);
    fixture.requests.receive_one(connected.descriptor, fixture.group, token);
    CHECK(fixture.bytes_of(fixture.await(token)) == "kept");
}

TEMPLATE_TEST_CASE("a Ring refuses a send that cannot be", "[contract]", KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    io_uring_sqe legal = entry_for(fixture, IORING_OP_SEND, connected.descriptor);
    legal.addr = reinterpret_cast<std::uint64_t>("sent");
    legal.len = 4;
    legal.msg_flags = MSG_DONTWAIT;
    check_refused(fixture, legal,
                  {{"no memory", EFAULT, [](io_uring_sqe& e) { e.addr = 0; }},
                   {"no message", EFAULT,
                    [](io_uring_sqe& e) {
                        e.opcode = IORING_OP_SENDMSG;
                        e.addr = 0;
                    }},
                   {"nobody's descriptor", EBADF, [](io_uring_sqe& e) { e.fd = nobody; }},
                   {"a listening socket", EPIPE, [&](io_uring_sqe& e) {
                        e.fd = fixture.listener.descriptor();
                        e.flags &= static_cast<__u8>(~IOSQE_FIXED_FILE);
                    }}});
    CHECK(connected.peer.hears_nothing());
}

TEMPLATE_TEST_CASE("a Ring refuses a shutdown and a reset that cannot be", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    io_uring_sqe legal = entry_for(fixture, IORING_OP_SHUTDOWN, connected.descriptor);
    legal.len = SHUT_WR;
    Illegals illegals{
        {"an ioprio", EINVAL, [](io_uring_sqe& e) { e.ioprio = 1; }},
        {"flags", EINVAL, [](io_uring_sqe& e) { e.rw_flags = 1; }},
        {"a buffer's index", EINVAL, [](io_uring_sqe& e) { e.buf_index = 1; }},
        {"a place in the table", EINVAL, [](io_uring_sqe& e) { e.file_index = 1; }},
        {"a group of buffers", EOPNOTSUPP, [](io_uring_sqe& e) { e.flags |= IOSQE_BUFFER_SELECT; }},
        {"something else than a socket", ENOTSOCK,
         [&](io_uring_sqe& e) {
             e.fd = fixture.ring.wake_descriptor();
             e.flags &= static_cast<__u8>(~IOSQE_FIXED_FILE);
         }},
        {"nobody's descriptor", EBADF, [](io_uring_sqe& e) { e.fd = nobody; }},
        {"no descriptor", EBADF, [](io_uring_sqe& e) { e.fd = -1; }},
    };
    check_refused(fixture, legal, illegals);
    check_refused(fixture, legal,
                  {{"an offset", EINVAL, [](io_uring_sqe& e) { e.off = 1; }},
                   {"an address", EINVAL, [](io_uring_sqe& e) { e.addr = 1; }}});

    sockaddr const nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
    legal.opcode = IORING_OP_CONNECT;
    legal.len = 0;
    legal.addr = reinterpret_cast<std::uint64_t>(&nowhere);
    legal.off = sizeof nowhere;
    check_refused(fixture, legal, illegals);
    check_refused(fixture, legal,
                  {{"a length", EINVAL, [](io_uring_sqe& e) { e.len = 1; }},
                   {"an address of no size", EINVAL, [](io_uring_sqe& e) { e.off = 0; }},
                   {"no address", EFAULT, [](io_uring_sqe& e) { e.addr = 0; }}});
    CHECK(connected.peer.hears_nothing());
}

TEMPLATE_TEST_CASE("a Ring refuses a close that cannot be", "[contract]", KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    bool const direct = fixture.direct();
    io_uring_sqe legal = entry_of(IORING_OP_CLOSE, direct ? 0 : connected.descriptor);
    if (direct) legal.file_index = static_cast<__u32>(connected.descriptor) + 1;
    auto const name = [&](io_uring_sqe& e, int descriptor) {
        e.fd = direct ? 0 : descriptor;
        if (direct) e.file_index = static_cast<__u32>(descriptor) + 1;
    };
    check_refused(
        fixture, legal,
        {{"as a fixed file", EBADF, [](io_uring_sqe& e) { e.flags |= IOSQE_FIXED_FILE; }},
         {"an offset", EINVAL, [](io_uring_sqe& e) { e.off = 1; }},
         {"an address", EINVAL, [](io_uring_sqe& e) { e.addr = 1; }},
         {"a length", EINVAL, [](io_uring_sqe& e) { e.len = 1; }},
         {"flags", EINVAL, [](io_uring_sqe& e) { e.rw_flags = 1; }},
         {"an ioprio", EINVAL, [](io_uring_sqe& e) { e.ioprio = 1; }},
         {"a buffer's index", EINVAL, [](io_uring_sqe& e) { e.buf_index = 1; }},
         {"a group of buffers", EOPNOTSUPP,
          [](io_uring_sqe& e) { e.flags |= IOSQE_BUFFER_SELECT; }},
         {"two at once", EINVAL,
          [&](io_uring_sqe& e) {
              e.fd = 1;
              e.file_index = 1;
          }},
         {"a place that is free", EBADF, [&](io_uring_sqe& e) { name(e, direct ? 7 : nobody); }},
         {"a place outside of the table", direct ? EINVAL : EBADF,
          [&](io_uring_sqe& e) { name(e, beyond); }}});
    CHECK(connected.peer.hears_nothing());
}

TEMPLATE_TEST_CASE("a Ring refuses a cancellation and a read that cannot be", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    Token const wake = fixture.token(Operation::wake, 2);
    fixture.requests.wait_for_wake(wake);
    io_uring_sqe legal = entry_of(IORING_OP_ASYNC_CANCEL, -1);
    legal.addr = wake.user_data();
    check_refused(fixture, legal,
                  {{"an offset", EINVAL, [](io_uring_sqe& e) { e.off = 1; }},
                   {"a second descriptor", EINVAL, [](io_uring_sqe& e) { e.splice_fd_in = 1; }},
                   {"an ioprio", EINVAL, [](io_uring_sqe& e) { e.ioprio = 1; }},
                   {"a group of buffers", EOPNOTSUPP,
                    [](io_uring_sqe& e) { e.flags |= IOSQE_BUFFER_SELECT; }}});
    std::uint64_t count = 0;
    legal = entry_of(IORING_OP_READ, fixture.ring.wake_descriptor());
    legal.addr = reinterpret_cast<std::uint64_t>(&count);
    legal.len = sizeof count;
    check_refused(fixture, legal,
                  {{"half of a number", EINVAL, [](io_uring_sqe& e) { e.len = 4; }}});
    // The first read still waits.
    fixture.ring.wake();
    CHECK(fixture.await(wake).result == 8);
}

TEMPLATE_TEST_CASE("a Ring that refuses an entry carries out those around it", "[contract]",
                   KODAMA_UNCHECKED_RINGS) {
    RingFixture<TestType> fixture(KODAMA_GENERATE_FEATURES(TestType), {.checked = false});
    auto connected = fixture.connect();
    Token const first = fixture.token(Operation::send, 1);
    Token const second = fixture.token(Operation::send, 2);
    fixture.send(connected.descriptor, "one ", kodama::SendPatience::none, first);
    io_uring_sqe entry = entry_of(IORING_OP_CLOSE, 0);
    entry.len = 1;
    Token const refused = hand_in(fixture, entry);
    fixture.send(connected.descriptor, "two", kodama::SendPatience::none, second);
    CHECK(fixture.await(refused).result == -EINVAL);
    CHECK(fixture.await(first).result == 4);
    CHECK(fixture.await(second).result == 3);
    CHECK(connected.peer.receive(7) == "one two");
}
