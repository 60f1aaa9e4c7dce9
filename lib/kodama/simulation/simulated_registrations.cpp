// What a program asks of the ring beside its queues: questions and registrations.
#include <kodama/simulation/simulated_ring.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace kodama::simulation {

namespace {

constexpr unsigned buffer_ring_entries_max = 32768;
constexpr std::uintptr_t page_size = 4096;

} // namespace

Ring::Usage SimulatedRing::usage() noexcept {
    if (tape_.draw(Choice::busy, whole_run, 1) != 0) cpu_time_ += now_ - cpu_time_asked_;
    cpu_time_asked_ = now_;
    return {.cpu_time = cpu_time_};
}

Address SimulatedRing::peer_address(int descriptor) noexcept {
    Descriptors const& table = features_.has(Feature::direct_descriptors) ? direct_ : ordinary_;
    std::optional<ConnectionNumber> const connection = table.at(descriptor);
    return connection ? network_.peer_address(*connection) : Address();
}

void SimulatedRing::stop_arrivals(int listener) noexcept {
    if (ListeningSocket* const socket = network_.listener(listener)) {
        socket->arrivals_stopped = true;
    }
}

int SimulatedRing::register_direct_descriptors(unsigned count) noexcept {
    if (count == 0) return -EINVAL;
    if (direct_registered_) return -EBUSY;
    if (count > slots_max) return -EMFILE;
    direct_registered_ = true;
    direct_ = Descriptors(count);
    return 0;
}

int SimulatedRing::register_buffer_ring(io_uring_buf* entries, unsigned count,
                                        std::uint16_t group) noexcept {
    if (entries == nullptr) return -EFAULT;
    if (reinterpret_cast<std::uintptr_t>(entries) % page_size != 0) return -EINVAL;
    if (!std::has_single_bit(count) || count > buffer_ring_entries_max) return -EINVAL;
    for (SharedBuffers const& one : groups_) {
        if (one.group() == group) return -EEXIST;
    }
    groups_.emplace_back(entries, count, group);
    if (protocol_) protocol_->buffer_ring_registered(entries, count, group);
    return 0;
}

void SimulatedRing::unregister_buffer_ring(std::uint16_t group) noexcept {
    std::erase_if(groups_, [&](SharedBuffers const& one) { return one.group() == group; });
    if (protocol_) protocol_->buffer_ring_unregistered(group);
}

} // namespace kodama::simulation
