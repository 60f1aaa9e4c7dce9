// What only the kernel's ring has.
#include <cerrno>
#include <future>

#include <liburing.h>

#include <kodama/base/error.hpp>
#include <support/catch.hpp>
#include <support/process_info.hpp>

#include "ring_fixture.hpp"

using kodama::Feature;
using kodama::FeatureSet;
using kodama::KernelRing;
using kodama::testing::open_descriptors;
using kodama::testing::WorldOf;

TEST_CASE("fault_Q6: a ring of the kernel refuses entries of a second thread", "[contract]") {
    FeatureSet const features = GENERATE(from_range(WorldOf<KernelRing>::feature_sets()));
    io_uring ring{};
    REQUIRE(io_uring_queue_init(8, &ring, kodama::setup_flags(features) & ~IORING_SETUP_CQSIZE) ==
            0);
    io_uring_prep_nop(io_uring_get_sqe(&ring));
    int const other = std::async(std::launch::async, [&] { return io_uring_submit(&ring); }).get();
    CHECK(other == -EEXIST);
    CHECK(io_uring_submit(&ring) == 1);
    io_uring_queue_exit(&ring);
}

TEST_CASE("a ring of the kernel defers work exactly when it can", "[contract]") {
    for (bool const deferred : {true, false}) {
        FeatureSet features;
        if (deferred) features.add(Feature::defer_taskrun);
        unsigned const flags = kodama::setup_flags(features);
        CHECK(((flags & IORING_SETUP_DEFER_TASKRUN) != 0) == deferred);
        CHECK(((flags & IORING_SETUP_COOP_TASKRUN) != 0) != deferred);
        CHECK((flags & IORING_SETUP_SINGLE_ISSUER) != 0);
        CHECK((flags & IORING_SETUP_SUBMIT_ALL) != 0);
    }
}

TEST_CASE("a ring of the kernel gives its descriptors back", "[contract]") {
    FeatureSet const features = GENERATE(from_range(WorldOf<KernelRing>::feature_sets()));
    std::size_t const before = open_descriptors(::getpid());
    for (int i = 0; i < 3; ++i) {
        KernelRing const ring({.entries = 8, .completions = 16, .features = features});
        CHECK(open_descriptors(::getpid()) > before);
    }
    CHECK(open_descriptors(::getpid()) == before);
}

TEST_CASE("a table of direct descriptors that cannot be had is refused with a remedy",
          "[contract]") {
    KernelRing ring({.entries = 8, .completions = 16, .features = {}});
    CHECK_THROWS_AS(ring.require_direct_descriptors(kodama::slots_max * 2), kodama::SetupError);
    CHECK_THROWS_WITH(ring.require_direct_descriptors(kodama::slots_max * 2),
                      kodama::testing::contains_text("max_connections"));
}

TEST_CASE("a group of receive buffers can be registered again once it is given back",
          "[contract]") {
    KernelRing ring({.entries = 8, .completions = 16, .features = {}});
    for (int i = 0; i < 3; ++i) {
        kodama::BufferRing const buffers(ring, 3, 5);
        CHECK(buffers.group() == 5);
        CHECK_THROWS_AS(kodama::BufferRing(ring, 3, 5), kodama::SetupError);
    }
}
