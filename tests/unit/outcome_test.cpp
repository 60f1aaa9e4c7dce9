#include <kodama/core/outcome.hpp>

#include <cerrno>
#include <cstdint>
#include <limits>

#include <support/catch.hpp>

using kodama::Operation;
using kodama::Outcome;
using kodama::outcome_of;

namespace {

struct Row {
    int error;
    Outcome outcome;
};

template <std::size_t size> void check(Operation operation, Row const (&rows)[size]) {
    for (Row const& row : rows) {
        CAPTURE(row.error);
        CHECK(outcome_of(operation, -row.error) == row.outcome);
    }
}

} // namespace

TEST_CASE("every operation whose result is not negative worked") {
    for (unsigned i = 1; i <= static_cast<unsigned>(Operation::wake); ++i) {
        auto const operation = static_cast<Operation>(i);
        CHECK(outcome_of(operation, 0) == Outcome::done);
        CHECK(outcome_of(operation, 1) == Outcome::done);
        CHECK(outcome_of(operation, std::numeric_limits<std::int32_t>::max()) == Outcome::done);
    }
}

TEST_CASE("an accept tells what ran out, what is broken, and what concerns one peer only") {
    check(Operation::accept, {{ECANCELED, Outcome::cancelled},
                              {EMFILE, Outcome::no_descriptors},
                              {ENFILE, Outcome::no_descriptors},
                              {ENOBUFS, Outcome::no_memory},
                              {ENOMEM, Outcome::no_memory},
                              {EINVAL, Outcome::unusable},
                              {EBADF, Outcome::unusable},
                              {ENOTSOCK, Outcome::unusable},
                              {EOPNOTSUPP, Outcome::unusable},
                              {EAGAIN, Outcome::again},
                              {EINTR, Outcome::again},
                              {ECONNABORTED, Outcome::again},
                              {ENETDOWN, Outcome::again},
                              {EPROTO, Outcome::again},
                              {ENOPROTOOPT, Outcome::again},
                              {EHOSTDOWN, Outcome::again},
                              {ENONET, Outcome::again},
                              {EHOSTUNREACH, Outcome::again},
                              {ENETUNREACH, Outcome::again},
                              {EPERM, Outcome::again},
                              {4095, Outcome::again}});
}

TEST_CASE("a receive tells why it ended, and what it does not know is a lost peer") {
    check(Operation::receive, {{EAGAIN, Outcome::nothing_yet},
                               {ENOBUFS, Outcome::no_buffers},
                               {ECANCELED, Outcome::cancelled},
                               {EINTR, Outcome::again},
                               {ECONNRESET, Outcome::peer_gone},
                               {ETIMEDOUT, Outcome::peer_silent},
                               {EPIPE, Outcome::peer_gone},
                               {EHOSTUNREACH, Outcome::peer_gone},
                               {ENOTCONN, Outcome::peer_gone},
                               {4095, Outcome::peer_gone}});
}

TEST_CASE("a send tells why it ended, and what it does not know is a lost peer") {
    check(Operation::send, {{EAGAIN, Outcome::nothing_yet},
                            {EINTR, Outcome::nothing_yet},
                            {ECANCELED, Outcome::cancelled},
                            {ECONNRESET, Outcome::peer_gone},
                            {EPIPE, Outcome::peer_gone},
                            {ETIMEDOUT, Outcome::peer_silent},
                            {ENOBUFS, Outcome::peer_gone},
                            {4095, Outcome::peer_gone}});
}

TEST_CASE("a cancellation tells that it was too late, and else has ended, whatever it says") {
    Operation const operation =
        GENERATE(Operation::cancel_accept, Operation::cancel_receive, Operation::cancel_send);
    check(operation, {{ENOENT, Outcome::done},
                      {EALREADY, Outcome::running},
                      {EINVAL, Outcome::done},
                      {4095, Outcome::done}});
}

TEST_CASE("everything else has ended, whatever it says") {
    Operation const operation =
        GENERATE(Operation::close_listener, Operation::shut_down, Operation::reset,
                 Operation::close, Operation::refuse, Operation::wake);
    check(operation, {{ENOENT, Outcome::done},
                      {EALREADY, Outcome::done},
                      {ENOTCONN, Outcome::done},
                      {EBADF, Outcome::done},
                      {EINVAL, Outcome::done},
                      {ECANCELED, Outcome::done},
                      {4095, Outcome::done}});
}
