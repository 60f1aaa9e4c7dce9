#include <kodama/core/inbox.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <support/catch.hpp>

#include "scripted_ring.hpp"

using namespace kodama;

namespace {

class WakeCountingRing : public kodama::testing::ScriptedRing {
public:
    void wake() noexcept override { ++wakes; }
    int wakes = 0;
};

Errand close_of(std::uint32_t slot) { return {.kind = Errand::Kind::close, .slot = Slot{slot}}; }

Errand copy_of(std::string_view text) {
    return {.kind = Errand::Kind::send_copy, .bytes = std::as_bytes(std::span(text))};
}

std::string text_of(Errand const& errand) {
    return {reinterpret_cast<char const*>(errand.bytes.data()), errand.bytes.size()};
}

} // namespace

TEST_CASE("what is put into an inbox is taken in order, once") {
    WakeCountingRing ring;
    Inbox inbox(nullptr, ring, 4, 16);
    CHECK(inbox.take().empty());
    REQUIRE(inbox.put(close_of(3)));
    REQUIRE(inbox.put(copy_of("hello")));
    REQUIRE(inbox.put(copy_of("you")));
    std::span<Errand> const errands = inbox.take();
    REQUIRE(errands.size() == 3);
    CHECK(errands[0].slot == Slot{3});
    CHECK(text_of(errands[1]) == "hello");
    CHECK(text_of(errands[2]) == "you");
    CHECK(inbox.take().empty());
}

TEST_CASE("an inbox that is full refuses, until it was looked into") {
    WakeCountingRing ring;
    Inbox inbox(nullptr, ring, 2, 8);
    CHECK_FALSE(inbox.put(copy_of("too long for it")));
    CHECK(inbox.put(copy_of("five5")));
    CHECK_FALSE(inbox.put(copy_of("four")));
    CHECK(inbox.put(copy_of("")));
    CHECK_FALSE(inbox.put(close_of(0)));
    CHECK(inbox.take().size() == 2);
    CHECK(inbox.put(copy_of("12345678")));
    CHECK(inbox.take().size() == 1);
    CHECK(inbox.put(copy_of("12345678"))); // the other tray again
}

TEST_CASE("a worker is woken once for all that it has not looked at") {
    WakeCountingRing ring;
    Inbox inbox(nullptr, ring, 4, 16);
    REQUIRE(inbox.put(close_of(0)));
    REQUIRE(inbox.put(close_of(1)));
    CHECK(ring.wakes == 1);
    static_cast<void>(inbox.take());
    CHECK(ring.wakes == 1);
    REQUIRE(inbox.put(close_of(0)));
    CHECK(ring.wakes == 2);
}

TEST_CASE("an inbox without a worker takes nothing, and lets go of what it had") {
    WakeCountingRing ring;
    Inbox inbox(nullptr, ring, 4, 16);
    REQUIRE(inbox.put({.kind = Errand::Kind::send, .shared = SharedBytes::copy_of("x")}));
    inbox.close();
    CHECK(inbox.worker_here() == nullptr);
    CHECK_FALSE(inbox.put(close_of(0)));
    CHECK(ring.wakes == 1);
}
