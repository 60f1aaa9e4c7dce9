#include <kodama/core/inbox.hpp>

#include <algorithm>
#include <utility>

#include <kodama/base/assert.hpp>

namespace kodama {

Inbox::Inbox(Worker* worker, Ring& ring, std::uint32_t errands, std::size_t bytes)
    : worker_(worker), errands_max_(errands), bytes_max_(bytes), ring_(&ring) {
    for (Tray& tray : trays_) {
        tray.errands.reserve(errands);
        // Not initialised on purpose: memory that is never used is never made physical.
        tray.bytes.reset(new std::byte[bytes]);
    }
}

bool Inbox::put(Errand&& errand) noexcept {
    std::lock_guard const lock(mutex_);
    Tray& tray = trays_[filling_];
    if (ring_ == nullptr || tray.errands.size() == errands_max_) return false;
    std::size_t const size = errand.bytes.size();
    if (size > bytes_max_ - tray.bytes_used) return false;
    std::byte* const copy = tray.bytes.get() + tray.bytes_used;
    std::copy(errand.bytes.begin(), errand.bytes.end(), copy);
    tray.bytes_used += size;
    errand.bytes = {copy, size};
    tray.errands.push_back(std::move(errand));
    if (!std::exchange(woken_, true)) ring_->wake();
    return true;
}

std::span<Errand> Inbox::take() noexcept {
    Tray& emptied = trays_[1 - filling_];
    emptied.errands.clear();
    emptied.bytes_used = 0;
    std::lock_guard const lock(mutex_);
    woken_ = false;
    filling_ = 1 - filling_;
    return trays_[1 - filling_].errands;
}

void Inbox::close() noexcept {
    worker_ = nullptr;
    std::lock_guard const lock(mutex_);
    ring_ = nullptr;
    for (Tray& tray : trays_)
        tray.errands.clear();
}

} // namespace kodama
