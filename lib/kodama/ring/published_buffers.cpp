#include <kodama/ring/published_buffers.hpp>

#include <algorithm>
#include <atomic>
#include <source_location>
#include <string>

#include <kodama/base/assert.hpp>

namespace kodama {

namespace {

// `what` goes on about a buffer: it is put together only when the rule is broken.
void buffer_rule(bool kept, char const* what, std::uint16_t group, std::uint16_t id,
                 std::source_location where = std::source_location::current()) {
    if (kept) return;
    protocol_violated(std::string(what) + " (buffer " + std::to_string(id) + " of group " +
                          std::to_string(group) + ")",
                      where);
}

// The tail of a buffer ring overlays a field of its first entry that is not used otherwise.
std::uint16_t tail_of(io_uring_buf const* entries) noexcept {
    auto& shared = const_cast<io_uring_buf&>(entries[0]).resv; // atomic_ref takes no constants
    return std::atomic_ref<std::uint16_t>(shared).load(std::memory_order_acquire);
}

} // namespace

void PublishedBuffers::add_group(io_uring_buf const* entries, unsigned count, std::uint16_t group) {
    if (entries == nullptr || count == 0 || (count & (count - 1)) != 0 || has_group(group)) {
        protocol_violated("the program registers group " + std::to_string(group) +
                              " twice, or no power of two of buffers",
                          std::source_location::current());
    }
    groups_.push_back({entries, count, group, 0, 0, std::vector<Buffer>(count)});
    regions_.reserve(regions_.size() + count);
}

void PublishedBuffers::remove_group(std::uint16_t group) {
    std::erase_if(regions_, [&](Region const& region) { return region.group == group; });
    if (std::erase_if(groups_, [&](Group const& one) { return one.number == group; }) == 1) return;
    protocol_violated("the program unregisters group " + std::to_string(group) +
                          " which is not registered",
                      std::source_location::current());
}

bool PublishedBuffers::has_group(std::uint16_t group) const noexcept {
    return std::any_of(groups_.begin(), groups_.end(),
                       [&](Group const& one) { return one.number == group; });
}

PublishedBuffers::Group& PublishedBuffers::group_of(std::uint16_t number) noexcept {
    auto const found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](Group const& one) { return one.number == number; });
    KODAMA_ASSERT(found != groups_.end());
    return *found;
}

PublishedBuffers::Buffer& PublishedBuffers::buffer_of(Region const& region) noexcept {
    return group_of(region.group).buffers[region.id];
}

PublishedBuffers::Regions::iterator
PublishedBuffers::first_region_that_ends_after(std::uint64_t address) noexcept {
    return std::upper_bound(
        regions_.begin(), regions_.end(), address,
        [](std::uint64_t value, Region const& region) { return value < region.end; });
}

void PublishedBuffers::read_new(PendingRequests const& in_flight) {
    for (Group& group : groups_) {
        std::uint16_t const tail = tail_of(group.entries);
        auto const count = static_cast<std::uint16_t>(tail - group.tail_seen);
        // More than that would be written over some that the kernel has not taken yet.
        if (count + group.with_kernel > group.count) {
            protocol_violated("the program publishes more buffers than group " +
                                  std::to_string(group.number) + " has room for",
                              std::source_location::current());
        }
        for (; group.tail_seen != tail; ++group.tail_seen)
            publish(group, group.entries[group.tail_seen & (group.count - 1)], in_flight);
    }
}

void PublishedBuffers::publish(Group& group, io_uring_buf const& entry,
                               PendingRequests const& in_flight) {
    std::uint16_t const id = entry.bid;
    buffer_rule(entry.addr != 0, "the program publishes a buffer without memory", group.number, id);
    buffer_rule(entry.len != 0, "the program publishes a buffer of no size", group.number, id);
    if (id >= group.buffers.size()) group.buffers.resize(std::size_t{id} + 1);
    Buffer& buffer = group.buffers[id];
    buffer_rule(!buffer.with_kernel, "the program publishes a buffer that the kernel has",
                group.number, id);
    if (!buffer.has_region || buffer.address != entry.addr || buffer.size != entry.len) {
        if (buffer.has_region) regions_.erase(first_region_that_ends_after(buffer.address));
        buffer = {.address = entry.addr, .size = entry.len};
        map(group, id);
    }
    bool const read =
        buffer.reader_serial != 0 && in_flight.has(buffer.reader_user_data, buffer.reader_serial);
    buffer_rule(!read, "the program publishes a buffer that a send in flight reads", group.number,
                id);
    buffer.reader_user_data = buffer.reader_serial = 0;
    buffer.with_kernel = true;
    ++group.with_kernel;
}

void PublishedBuffers::map(Group& group, std::uint16_t id) {
    Buffer& buffer = group.buffers[id];
    std::uint64_t const end = buffer.address + buffer.size;
    auto const first = first_region_that_ends_after(buffer.address);
    auto last = first;
    for (; last != regions_.end() && last->begin < end; ++last) {
        Buffer& other = buffer_of(*last);
        buffer_rule(!other.with_kernel,
                    "the program publishes memory that the kernel has under another id",
                    group.number, id);
        // Only one of them is remembered to be read by a send; that is enough to find mistakes.
        buffer.reader_user_data = other.reader_user_data;
        buffer.reader_serial = other.reader_serial;
        other.has_region = false;
    }
    regions_.insert(regions_.erase(first, last), Region{buffer.address, end, group.number, id});
    buffer.has_region = true;
}

std::uint32_t PublishedBuffers::take_back(std::uint16_t group, std::uint16_t id) {
    buffer_rule(has_group(group), "the kernel brings a buffer of a group that is not registered",
                group, id);
    Group& from = group_of(group);
    bool const known = id < from.buffers.size() && from.buffers[id].with_kernel;
    buffer_rule(known, "the kernel brings a buffer that it does not have", group, id);
    from.buffers[id].with_kernel = false;
    --from.with_kernel;
    return from.buffers[id].size;
}

void PublishedBuffers::note_send(std::uint64_t address, std::uint64_t size,
                                 PendingRequest const& send) {
    std::uint64_t const end = address + size;
    for (auto region = first_region_that_ends_after(address);
         region != regions_.end() && region->begin < end; ++region) {
        Buffer& buffer = buffer_of(*region);
        buffer_rule(!buffer.with_kernel, "the program sends from a buffer that the kernel has",
                    region->group, region->id);
        buffer.reader_user_data = send.user_data;
        buffer.reader_serial = send.serial;
    }
}

} // namespace kodama
