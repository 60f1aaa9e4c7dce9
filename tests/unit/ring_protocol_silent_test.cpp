// Sends that complete only where they fail: when they are over, and what must not be assumed
// before.
#include <kodama/ring/ring_protocol.hpp>

#include <array>
#include <cerrno>
#include <string>

#include <sys/socket.h>

#include <support/catch.hpp>
#include <support/last_words.hpp>

#include "scripted_ring.hpp"

using namespace kodama;
using kodama::testing::contains_text;
using kodama::testing::last_words;
using kodama::testing::Traffic;

namespace {

constexpr std::uint32_t size = Traffic::buffer_size;

Token token(Operation operation) { return Traffic::token(operation); }

// Connection 7 sends silently from buffer 0, which its receive brought.
void begin(Traffic& traffic) {
    traffic.open(7);
    traffic.publish(0);
    traffic.receive_many(7);
    traffic.ring.complete(token(Operation::receive), size, Traffic::brings(0, true));
    traffic.send_silently(7, traffic.memory_of(0), size);
}

void check_words(char const* words, void (*act)(Traffic& traffic)) {
    INFO(words);
    CHECK_THAT(last_words([&] {
                   Traffic traffic;
                   begin(traffic);
                   act(traffic);
               }),
               contains_text(words));
}

} // namespace

TEST_CASE("RingProtocol takes a silent send that nobody was told of for done") {
    Traffic traffic(GENERATE(true, false));
    begin(traffic);
    CHECK(traffic.ring.protocol.in_flight() == 2);
    traffic.ring.protocol.caught_up();
    CHECK(traffic.ring.protocol.in_flight() == 1);
    traffic.publish(0);
    traffic.send_silently(7, traffic.copies.data(), 5);
    traffic.ring.protocol.caught_up();
    traffic.finish(7);
}

TEST_CASE("RingProtocol lets a silent send end by a completion, and the rest follow") {
    std::int32_t const result = GENERATE(-EAGAIN, -EPIPE, 1, static_cast<std::int32_t>(size) - 1);
    Traffic traffic;
    begin(traffic);
    traffic.ring.complete(token(Operation::send), result);
    traffic.send(7, traffic.memory_of(0), 1); // under the same token
    traffic.ring.protocol.caught_up();        // which is no silent one
    CHECK(traffic.ring.protocol.in_flight() == 2);
    traffic.ring.complete(token(Operation::send), 1);
    traffic.publish(0);
}

TEST_CASE("RingProtocol ends the process when the kernel tells of a silent send what it must not") {
    check_words("the kernel completes a silent send that took all",
                [](Traffic& traffic) { traffic.ring.complete(token(Operation::send), size); });
    check_words("the kernel completes what is not in flight", [](Traffic& traffic) {
        traffic.ring.protocol.caught_up();
        traffic.ring.complete(token(Operation::send), -EAGAIN);
    });
}

TEST_CASE("RingProtocol ends the process when the program goes on before a silent send is over") {
    check_words("the program publishes a buffer that a send in flight reads",
                [](Traffic& traffic) { traffic.publish(0); });
    check_words("the program uses a user_data that is in flight",
                [](Traffic& traffic) { traffic.send_silently(7, traffic.copies.data(), 5); });
    check_words("the program has two requests of one kind in flight", [](Traffic& traffic) {
        traffic.send(7, traffic.copies.data(), 5, 1, SendPatience::silent);
    });
    check_words("the program sends a FIN while a send is in flight",
                [](Traffic& traffic) { traffic.finish(7); });
    check_words("the program closes a descriptor while something is in flight on it",
                [](Traffic& traffic) {
                    traffic.ring.complete(token(Operation::receive), 0);
                    traffic.close(7);
                });
}

TEST_CASE("RingProtocol ends the process when a send's flags do not fit its completion") {
    struct Flags {
        std::uint8_t entry;
        unsigned message;
    };
    for (Flags const& flags :
         std::array{Flags{IOSQE_CQE_SKIP_SUCCESS, 0}, Flags{IOSQE_CQE_SKIP_SUCCESS, MSG_DONTWAIT},
                    Flags{IOSQE_CQE_SKIP_SUCCESS, MSG_WAITALL},
                    Flags{0, MSG_DONTWAIT | MSG_WAITALL}, Flags{0, MSG_WAITALL}}) {
        CAPTURE(flags.entry, flags.message);
        std::string const words = last_words([&] {
            Traffic traffic(false);
            traffic.open(7);
            traffic.hand_in([&](io_uring_sqe& entry) {
                entry.opcode = IORING_OP_SEND;
                entry.fd = 7;
                entry.flags = flags.entry;
                entry.msg_flags = flags.message;
                entry.addr = reinterpret_cast<std::uint64_t>(traffic.copies.data());
                entry.len = 5;
            });
        });
        CHECK_THAT(words, contains_text("sends with flags that do not fit its completion"));
    }
    CHECK_THAT(last_words([] {
                   Traffic traffic;
                   traffic.hand_in([](io_uring_sqe& entry) {
                       entry.opcode = IORING_OP_NOP;
                       entry.flags = IOSQE_CQE_SKIP_SUCCESS;
                   });
               }),
               contains_text("the program sets other flags than those of the operation"));
}
