// What may pass between program and kernel, and what the kernel must not answer.
#include <kodama/ring/ring_protocol.hpp>

#include <array>
#include <cerrno>
#include <string>

#include <support/catch.hpp>
#include <support/last_words.hpp>

#include "scripted_ring.hpp"

using namespace kodama;
using kodama::testing::contains_text;
using kodama::testing::last_words;
using kodama::testing::Traffic;

namespace {

Token token(Operation operation, std::uint32_t number = 0) {
    return Traffic::token(operation, number);
}

} // namespace

TEST_CASE("RingProtocol lets a connection live and end in order") {
    Traffic traffic(GENERATE(true, false));
    for (int life = 0; life < 3; ++life) {
        traffic.open(7);
        traffic.publish(0);
        traffic.publish(1);
        traffic.receive_many(7);
        traffic.ring.complete(token(Operation::receive), 16, Traffic::brings(1, true));
        traffic.send(7, traffic.memory_of(1), 16);
        CHECK(traffic.ring.protocol.in_flight() == 2);
        traffic.ring.complete(token(Operation::send), 10); // The rest goes with more.
        std::array const vectors{iovec{traffic.memory_of(1) + 10, 6},
                                 iovec{traffic.copies.data(), 8}};
        traffic.requests.send(7, vectors, SendPatience::patient, token(Operation::send));
        traffic.ring.submit();
        traffic.ring.complete(token(Operation::send), 14);
        traffic.publish(1);
        traffic.finish(7);
        traffic.ring.complete(token(Operation::shut_down), 0);
        traffic.ring.complete(token(Operation::receive), 3, Traffic::brings(0, true));
        traffic.ring.complete(token(Operation::receive), 0);
        traffic.close(7);
        traffic.ring.complete(token(Operation::close), 0);
        CHECK(traffic.ring.protocol.in_flight() == 0);
        traffic.publish(0);
        // Brings them back, so that the next life can publish them.
        traffic.open(8);
        for (std::uint16_t id = 0; id < 2; ++id) {
            traffic.receive_one(8);
            traffic.ring.complete(token(Operation::receive), 1, Traffic::brings(id));
        }
        traffic.close(8);
        traffic.ring.complete(token(Operation::close), 0);
    }
}

TEST_CASE("RingProtocol lets a connection be aborted with everything in flight") {
    Traffic traffic(GENERATE(true, false));
    traffic.open(7);
    traffic.receive_many(7);
    traffic.send(7, traffic.copies.data(), 5);
    traffic.reset(7);
    traffic.requests.cancel(token(Operation::receive), token(Operation::cancel_receive));
    traffic.requests.cancel(token(Operation::send), token(Operation::cancel_send));
    traffic.ring.submit();
    traffic.ring.complete(token(Operation::cancel_send), -ENOENT);
    traffic.ring.complete(token(Operation::receive), -ECONNRESET);
    traffic.ring.complete(token(Operation::reset), 0);
    traffic.ring.complete(token(Operation::send), -ECANCELED);
    traffic.ring.complete(token(Operation::cancel_receive), 0);
    traffic.close(7);
    traffic.ring.complete(token(Operation::close), 0);
    CHECK(traffic.ring.protocol.in_flight() == 0);
}

TEST_CASE("RingProtocol lets a place be handed out again before its close is seen to complete") {
    Traffic traffic(GENERATE(true, false));
    traffic.open(7);
    traffic.finish(7);
    traffic.ring.complete(token(Operation::shut_down), 0);
    traffic.close(7, 1);
    traffic.open(7);
    traffic.send(7, traffic.copies.data(), 5); // The FIN was another connection's.
    traffic.ring.complete(token(Operation::close, 1), 0);
    traffic.ring.complete(token(Operation::send), 5);
    traffic.close(7, 2);
    traffic.ring.complete(token(Operation::close, 2), 0);
    CHECK(traffic.ring.protocol.in_flight() == 0);
}

TEST_CASE("RingProtocol lets closes of refused connections share a token") {
    Traffic traffic(false);
    for (int descriptor : {7, 8, 9}) {
        traffic.open(descriptor);
        traffic.close(descriptor);
    }
    traffic.ring.complete(token(Operation::close), 0);
    traffic.open(9);
    traffic.close(9);
    for (int i = 0; i < 3; ++i)
        traffic.ring.complete(token(Operation::close), 0);
    CHECK(traffic.ring.protocol.in_flight() == 0);
}

TEST_CASE("RingProtocol takes a buffer back whatever it comes with, and from memory that moves") {
    Traffic traffic;
    traffic.open(7);
    traffic.publish(0);
    traffic.receive_one(7);
    traffic.ring.complete(token(Operation::receive), -EAGAIN, Traffic::brings(0)); // Linux 6.1
    traffic.buffers.add(BufferId{1}, traffic.memory_of(0), 8); // now under another id
    traffic.buffers.add(BufferId{0}, traffic.memory_of(0) + 8, 8);
    traffic.buffers.publish();
    traffic.receive_many(7);
    traffic.ring.complete(token(Operation::receive), 8, Traffic::brings(0, true));
    traffic.ring.complete(token(Operation::receive), 8, Traffic::brings(1));
    traffic.publish(0); // and back
}

TEST_CASE("RingProtocol lets the wake descriptor be read and accept go on and be cancelled") {
    Traffic traffic(GENERATE(true, false));
    traffic.requests.wait_for_wake(token(Operation::wake));
    traffic.requests.accept_many(Traffic::listener, token(Operation::accept));
    traffic.ring.submit();
    traffic.ring.complete(token(Operation::accept), 7, IORING_CQE_F_MORE);
    traffic.ring.complete(token(Operation::accept), 8, IORING_CQE_F_MORE);
    traffic.requests.cancel(token(Operation::accept), token(Operation::cancel_accept));
    traffic.ring.submit();
    traffic.ring.complete(token(Operation::wake), 8);
    traffic.ring.complete(token(Operation::cancel_accept), 0);
    traffic.ring.complete(token(Operation::accept), -ECANCELED);
    traffic.requests.close_listener(Traffic::listener, token(Operation::close_listener));
    traffic.ring.submit();
    traffic.ring.complete(token(Operation::close_listener), 0);
    CHECK(traffic.ring.protocol.in_flight() == 0);
}

namespace {

struct Case {
    char const* words;
    void (*act)(Traffic& traffic);
};

// On a connection 7 with a multishot receive armed and buffer 0 published.
template <std::size_t count> void check(std::array<Case, count> const& cases) {
    for (Case const& one : cases) {
        INFO(one.words);
        std::string const words = last_words([&] {
            Traffic traffic;
            traffic.open(7);
            traffic.publish(0);
            traffic.receive_many(7);
            one.act(traffic);
        });
        CHECK_THAT(words, contains_text(std::string("the kernel ") + one.words));
    }
}

} // namespace

TEST_CASE("RingProtocol ends the process when the kernel completes what it must not") {
    check(std::array{
        Case{"completes what is not in flight",
             [](Traffic& traffic) { traffic.ring.complete(token(Operation::send), 1); }},
        Case{"completes what is not in flight (request, user_data 0x400000000000001)",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 0);
                 traffic.ring.complete(token(Operation::receive), 0);
             }},
        Case{"promises more of a request that is not multishot (send on direct descriptor 7, "
             "user_data 0x600000000000001)",
             [](Traffic& traffic) {
                 traffic.send(7, traffic.copies.data(), 5);
                 traffic.ring.complete(token(Operation::send), 2, IORING_CQE_F_MORE);
             }},
        Case{"promises more of a request that is not multishot (accept",
             [](Traffic& traffic) {
                 traffic.requests.accept_one(Traffic::listener, token(Operation::accept));
                 traffic.ring.submit();
                 traffic.ring.complete(token(Operation::accept), 8, IORING_CQE_F_MORE);
             }},
        Case{"promises more after an error",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), -ENOBUFS, IORING_CQE_F_MORE);
             }},
        Case{"promises more after the end of the data",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 0, IORING_CQE_F_MORE);
             }},
        Case{"hands out a descriptor that is in use", [](Traffic& traffic) { traffic.open(7); }},
    });
}

TEST_CASE("RingProtocol ends the process when the kernel brings what it must not") {
    check(std::array{
        Case{"brings a buffer that it does not have (buffer 1 of group 5)",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 1, Traffic::brings(1));
             }},
        Case{"brings a buffer that it does not have (buffer 0 of group 5)",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 1, Traffic::brings(0, true));
                 traffic.ring.complete(token(Operation::receive), 1, Traffic::brings(0, true));
             }},
        Case{"brings a buffer with something else than a receive",
             [](Traffic& traffic) {
                 traffic.send(7, traffic.copies.data(), 5);
                 traffic.ring.complete(token(Operation::send), 2, Traffic::brings(0));
             }},
        Case{"brings data without a buffer",
             [](Traffic& traffic) { traffic.ring.complete(token(Operation::receive), 1); }},
        Case{"brings more data than the buffer has room for",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 17, Traffic::brings(0));
             }},
        Case{"reports more than was asked for (send",
             [](Traffic& traffic) {
                 traffic.send(7, traffic.copies.data(), 5);
                 traffic.ring.complete(token(Operation::send), 6);
             }},
        Case{"reports more than was asked for (close",
             [](Traffic& traffic) {
                 traffic.ring.complete(token(Operation::receive), 0);
                 traffic.close(7);
                 traffic.ring.complete(token(Operation::close), 1);
             }},
        Case{"reports an error that is none",
             [](Traffic& traffic) { traffic.ring.complete(token(Operation::receive), -4096); }},
    });
}
