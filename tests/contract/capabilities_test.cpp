// Finding out what the kernel can do, and doing without.
#include <kodama/ring/capabilities.hpp>

#include <support/catch.hpp>
#include <support/process_info.hpp>

#include "ring_fixture.hpp"

using kodama::all_features;
using kodama::Capabilities;
using kodama::Feature;
using kodama::FeatureSet;
using kodama::probe_capabilities;
using kodama::testing::open_descriptors;

namespace {

std::string const& why_not(Capabilities const& capabilities, Feature feature) {
    return capabilities.why_not[static_cast<std::size_t>(feature)];
}

} // namespace

TEST_CASE("each feature is usable or there is a reason why not", "[contract]") {
    Capabilities const found = probe_capabilities({});
    for (Feature const feature : all_features) {
        CAPTURE(kodama::name_of(feature), why_not(found, feature));
        CHECK(found.usable.has(feature) == why_not(found, feature).empty());
        CHECK(why_not(found, feature) != "disabled");
    }
}

TEST_CASE("a feature that is disabled is not used, and the rest is as it was", "[contract]") {
    static FeatureSet const usable = probe_capabilities({}).usable;
    for (Feature const feature : all_features) {
        CAPTURE(kodama::name_of(feature));
        FeatureSet disabled;
        disabled.add(feature);
        Capabilities const found = probe_capabilities(disabled);
        CHECK_FALSE(found.usable.has(feature));
        CHECK(why_not(found, feature) == "disabled");
        FeatureSet expected = usable;
        expected.remove(feature);
        CHECK(found.usable == expected);
    }
}

TEST_CASE("the library works with every feature disabled", "[contract]") {
    Capabilities const found = probe_capabilities(FeatureSet::all());
    CHECK(found.usable.empty());
    for (Feature const feature : all_features)
        CHECK(why_not(found, feature) == "disabled");

    kodama::testing::RingFixture<kodama::KernelRing> fixture(found.usable);
    auto connected = fixture.connect();
    fixture.publish(1);
    kodama::Token const receive = fixture.token(kodama::Operation::receive);
    fixture.requests.receive_one(connected.descriptor, fixture.group, receive);
    connected.peer.send("plain");
    CHECK(fixture.bytes_of(fixture.await(receive)) == "plain");
    kodama::Token const send = fixture.token(kodama::Operation::send);
    fixture.send(connected.descriptor, "and right", kodama::SendPatience::none, send);
    CHECK(fixture.await(send).result == 9);
    CHECK(connected.peer.receive(9) == "and right");
}

TEST_CASE("trying what works leaves nothing open", "[contract]") {
    static_cast<void>(probe_capabilities({}));
    std::size_t const before = open_descriptors(::getpid());
    for (int i = 0; i < 5; ++i)
        static_cast<void>(probe_capabilities({}));
    CHECK(open_descriptors(::getpid()) == before);
}
