// What the program must not ask for, and must not do with its buffers.
#include <kodama/ring/ring_protocol.hpp>

#include <array>
#include <string>

#include <support/catch.hpp>
#include <support/last_words.hpp>

#include "scripted_ring.hpp"

using namespace kodama;
using kodama::testing::contains_text;
using kodama::testing::last_words;
using kodama::testing::Traffic;

namespace {

struct Case {
    char const* words;
    void (*act)(Traffic& traffic);
};

Token token(Operation operation, std::uint32_t number = 0) {
    return Traffic::token(operation, number);
}

// Connections 7 and 8 are open; the kernel has buffer 0, and had buffer 1 for 7's receive, which
// goes on.
template <std::size_t count> void check(bool direct, std::array<Case, count> const& cases) {
    for (Case const& one : cases) {
        INFO(one.words);
        std::string const words = last_words([&] {
            Traffic traffic(direct);
            traffic.open(7);
            traffic.open(8);
            traffic.publish(0);
            traffic.publish(1);
            traffic.receive_many(7);
            traffic.ring.complete(token(Operation::receive), 16, Traffic::brings(1, true));
            one.act(traffic);
        });
        CHECK_THAT(words, contains_text(std::string("the program ") + one.words));
    }
}

} // namespace

TEST_CASE("RingProtocol ends the process when the program breaks a rule of a connection's life") {
    check(GENERATE(true, false),
          std::array{
              Case{"uses a user_data that is in flight (receive",
                   [](Traffic& traffic) { traffic.receive_many(8); }},
              Case{"has two requests of one kind in flight on a descriptor (receive",
                   [](Traffic& traffic) {
                       traffic.requests.receive_one(7, Traffic::group,
                                                    token(Operation::receive, 2));
                       traffic.ring.submit();
                   }},
              Case{"has two requests of one kind in flight on a descriptor (send",
                   [](Traffic& traffic) {
                       traffic.send(7, traffic.copies.data(), 5, 1);
                       traffic.send(7, traffic.copies.data(), 5, 2);
                   }},
              Case{"uses a descriptor that it closes (close",
                   [](Traffic& traffic) {
                       traffic.close(8, 1);
                       traffic.close(8, 2);
                   }},
              Case{"uses a descriptor that it closes (send",
                   [](Traffic& traffic) {
                       traffic.close(8);
                       traffic.send(8, traffic.copies.data(), 5);
                   }},
              Case{"sends after FIN or reset",
                   [](Traffic& traffic) {
                       traffic.finish(7);
                       traffic.ring.complete(token(Operation::shut_down), 0);
                       traffic.send(7, traffic.copies.data(), 5);
                   }},
              Case{"sends after FIN or reset",
                   [](Traffic& traffic) {
                       traffic.reset(7);
                       traffic.send(7, traffic.copies.data(), 5);
                   }},
              Case{"sends a FIN while a send is in flight",
                   [](Traffic& traffic) {
                       traffic.send(7, traffic.copies.data(), 5);
                       traffic.finish(7);
                   }},
              Case{"closes a descriptor while something is in flight on it",
                   [](Traffic& traffic) { traffic.close(7); }},
              Case{"closes a descriptor while something is in flight on it",
                   [](Traffic& traffic) {
                       traffic.requests.accept_many(Traffic::listener, token(Operation::accept));
                       traffic.requests.close_listener(Traffic::listener,
                                                       token(Operation::close_listener));
                       traffic.ring.submit();
                   }},
          });
}

TEST_CASE("RingProtocol ends the process when the program uses a direct descriptor of nobody") {
    check(true, std::array{
                    Case{"uses a direct descriptor that is nobody's (send on direct descriptor 9",
                         [](Traffic& traffic) { traffic.send(9, traffic.copies.data(), 5); }},
                    Case{"uses a direct descriptor that is nobody's (close",
                         [](Traffic& traffic) {
                             traffic.close(8);
                             traffic.ring.complete(token(Operation::close), 0);
                             traffic.close(8);
                         }},
                });
}

TEST_CASE("RingProtocol ends the process when the program misuses a buffer") {
    check(
        GENERATE(true, false),
        std::array{
            Case{"publishes a buffer that the kernel has (buffer 0 of group 5)",
                 [](Traffic& traffic) { traffic.publish(0); }},
            Case{"publishes a buffer that a send in flight reads (buffer 1 of group 5)",
                 [](Traffic& traffic) {
                     traffic.send(7, traffic.memory_of(1), 5);
                     traffic.publish(1);
                 }},
            Case{"publishes a buffer that a send in flight reads",
                 [](Traffic& traffic) {
                     std::array const vectors{iovec{traffic.copies.data(), 8},
                                              iovec{traffic.memory_of(1) + 15, 1}};
                     traffic.requests.send(7, vectors, SendPatience::none, token(Operation::send));
                     traffic.ring.submit();
                     traffic.buffers.add(BufferId{3}, traffic.memory_of(1), 16); // another id
                     traffic.buffers.publish();
                     traffic.ring.submit();
                 }},
            Case{"sends from a buffer that the kernel has (buffer 0 of group 5)",
                 [](Traffic& traffic) { traffic.send(7, traffic.memory_of(0) + 15, 1); }},
            Case{"sends from a buffer that the kernel has (buffer 0 of group 5)",
                 [](Traffic& traffic) {
                     std::array const vectors{iovec{traffic.memory_of(1), 8},
                                              iovec{traffic.memory_of(0), 8}};
                     traffic.requests.send(7, vectors, SendPatience::none, token(Operation::send));
                     traffic.ring.submit();
                 }},
            Case{"publishes memory that the kernel has under another id (buffer 2",
                 [](Traffic& traffic) {
                     traffic.buffers.add(BufferId{2}, traffic.memory_of(0) + 8, 16);
                     traffic.buffers.publish();
                     traffic.ring.submit();
                 }},
            Case{"publishes a buffer without memory",
                 [](Traffic& traffic) {
                     traffic.buffers.add(BufferId{2}, nullptr, 16);
                     traffic.buffers.publish();
                     traffic.ring.submit();
                 }},
            Case{"publishes a buffer of no size",
                 [](Traffic& traffic) {
                     traffic.buffers.add(BufferId{2}, traffic.memory_of(2), 0);
                     traffic.buffers.publish();
                     traffic.ring.submit();
                 }},
            Case{"publishes more buffers than group 5 has room for",
                 [](Traffic& traffic) {
                     for (std::uint16_t id = 1; id < 5; ++id)
                         traffic.publish(id);
                 }},
            Case{"registers group 5 twice",
                 [](Traffic& traffic) {
                     BufferRing const another(traffic.ring, 4, Traffic::group);
                 }},
        });
}

TEST_CASE("RingProtocol ends the process when the program hands in what the library never does") {
    check(true, std::array{
                    Case{"asks for operation 1 ",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) { entry.opcode = IORING_OP_READV; });
                         }},
                    Case{"uses the user_data of the ring",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) { entry.user_data = 0; });
                         }},
                    Case{"sets other flags than those of the operation",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) { entry.flags = IOSQE_IO_LINK; });
                         }},
                    Case{"sets other flags than those of the operation (send on descriptor 8",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) {
                                 entry.opcode = IORING_OP_SEND;
                                 entry.fd = 8;
                             });
                         }},
                    Case{"shuts down more than its output",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) {
                                 entry.opcode = IORING_OP_SHUTDOWN;
                                 entry.flags = IOSQE_FIXED_FILE;
                                 entry.fd = 8;
                                 entry.len = SHUT_RDWR;
                             });
                         }},
                    Case{"accepts into the wrong table",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) {
                                 entry.opcode = IORING_OP_ACCEPT;
                                 entry.fd = Traffic::listener;
                             });
                         }},
                    Case{"names no descriptor",
                         [](Traffic& traffic) {
                             traffic.hand_in([](auto& entry) {
                                 entry.opcode = IORING_OP_CLOSE;
                                 entry.fd = -1;
                             });
                         }},
                    Case{"sends nothing",
                         [](Traffic& traffic) { traffic.send(8, traffic.copies.data(), 0); }},
                    Case{"receives from a group that is not registered",
                         [](Traffic& traffic) {
                             traffic.requests.receive_one(8, 6, token(Operation::receive, 8));
                             traffic.ring.submit();
                         }},
                });
}

TEST_CASE("RingProtocol ends the process when the program breaks a rule of outgoing connections") {
    check(GENERATE(true, false),
          std::array{Case{"connects what is connected",
                          [](Traffic& traffic) {
                              traffic.requests.connect(7, Address::ipv4({127, 0, 0, 1}, 1),
                                                       token(Operation::connect));
                              traffic.ring.submit();
                          }},
                     Case{"uses a socket that is not connected", [](Traffic& traffic) {
                              traffic.ring.protocol.accept_range_registered(9);
                              traffic.requests.make_socket(AddressFamily::ipv4, Slot{9},
                                                           token(Operation::make_socket));
                              traffic.ring.submit();
                              bool const direct = traffic.direct;
                              traffic.ring.complete(token(Operation::make_socket), direct ? 0 : 9);
                              traffic.send(9, traffic.copies.data(), 5);
                          }}});
}

TEST_CASE("RingProtocol ends the process when the program makes a socket where it must not") {
    check(true, std::array{Case{"makes a socket where there is one",
                                [](Traffic& traffic) {
                                    traffic.ring.protocol.accept_range_registered(7);
                                    traffic.requests.make_socket(AddressFamily::ipv4, Slot{7},
                                                                 token(Operation::make_socket));
                                    traffic.ring.submit();
                                }},
                           Case{"makes a socket in a place that accept chooses from",
                                [](Traffic& traffic) {
                                    traffic.ring.protocol.accept_range_registered(10);
                                    traffic.requests.make_socket(AddressFamily::ipv4, Slot{9},
                                                                 token(Operation::make_socket));
                                    traffic.ring.submit();
                                }}});
}
