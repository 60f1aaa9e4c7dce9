#include <kodama/core/connection_table.hpp>

#include <algorithm>
#include <cstddef>

#include <kodama/base/assert.hpp>

namespace kodama {

namespace {

constexpr std::size_t cache_line = 64;

std::size_t round_up(std::size_t size, std::size_t alignment) noexcept {
    return (size + alignment - 1) / alignment * alignment;
}

std::size_t slot_alignment(SessionHooks const& hooks) noexcept {
    return std::max({cache_line, alignof(Connection), hooks.alignment});
}

} // namespace

// An idle connection costs its slot, so the slot stays within four cache lines with a small
// session.
static_assert(sizeof(Connection) <= 256);

ConnectionTable::ConnectionTable(std::uint32_t slots, Chooser chooser, SessionHooks const& hooks,
                                 std::uint32_t outgoing)
    : size_(slots),
      outgoing_(outgoing),
      chooser_(chooser),
      session_offset_(round_up(sizeof(Connection), std::max<std::size_t>(hooks.alignment, 1))),
      stride_(round_up(session_offset_ + hooks.size, slot_alignment(hooks))),
      memory_(nullptr, FreeMemory{std::align_val_t{slot_alignment(hooks)}}) {
    // What an echo needs of a connection, without an idle timeout, lies in its first two lines.
    static_assert(offsetof(Connection, timer_link_) <= 2 * cache_line);
    KODAMA_ASSERT(slots > 0);
    KODAMA_ASSERT(slots <= slots_max);
    KODAMA_ASSERT(outgoing < slots);
    auto const alignment = std::align_val_t{slot_alignment(hooks)};
    memory_.reset(new (alignment) std::byte[stride_ * size_]);
    for (std::uint32_t i = 0; i < size_; ++i) {
        auto* const connection = ::new (memory_.get() + i * stride_) Connection;
        connection->slot_ = Slot{i};
    }
    free_outgoing_.reserve(outgoing);
    for (std::uint32_t i = size_; i-- > size_accepted();)
        free_outgoing_.push_back(Slot{i});
    if (chooser_ == Chooser::kernel) return;
    free_.reserve(size_accepted());
    for (std::uint32_t i = size_accepted(); i-- > 0;)
        free_.push_back(Slot{i});
}

ConnectionTable::~ConnectionTable() {
    KODAMA_ASSERT(used_ == 0);
    for (std::uint32_t i = 0; i < size_; ++i)
        place(i).~Connection();
}

Connection& ConnectionTable::place(std::uint32_t index) const noexcept {
    KODAMA_ASSERT(index < size_);
    return *std::launder(reinterpret_cast<Connection*>(memory_.get() + index * stride_));
}

Connection& ConnectionTable::open(Connection& connection) noexcept {
    KODAMA_ASSERT(!connection.open_);
    KODAMA_ASSERT(used_ < size_);
    connection.open_ = true;
    ++used_;
    return connection;
}

Connection& ConnectionTable::take(Slot slot) noexcept {
    KODAMA_ASSERT(chooser_ == Chooser::kernel);
    KODAMA_ASSERT(!is_outgoing(slot));
    return open(place(index_of(slot)));
}

Connection& ConnectionTable::take_any() noexcept {
    KODAMA_ASSERT(chooser_ == Chooser::table);
    KODAMA_ASSERT(!free_.empty());
    Slot const slot = free_.back();
    free_.pop_back();
    return open(place(index_of(slot)));
}

Connection* ConnectionTable::take_outgoing() noexcept {
    if (free_outgoing_.empty()) return nullptr;
    Slot const slot = free_outgoing_.back();
    free_outgoing_.pop_back();
    ++used_outgoing_;
    return &open(place(index_of(slot)));
}

void ConnectionTable::release(Connection& connection) noexcept {
    KODAMA_ASSERT(connection.open_);
    KODAMA_ASSERT(!connection.state_.in_flight());
    Slot const slot = connection.slot_;
    Generation const generation = next(connection.generation_);
    // A new object, so that nothing of the old connection can leak into the next.
    connection.~Connection();
    auto* const fresh = ::new (&connection) Connection;
    fresh->slot_ = slot;
    fresh->generation_ = generation;
    KODAMA_ASSERT(used_ > 0);
    --used_;
    if (is_outgoing(slot)) {
        --used_outgoing_;
        free_outgoing_.push_back(slot);
    } else if (chooser_ == Chooser::table) {
        free_.push_back(slot);
    }
}

Connection* ConnectionTable::find(Token token) noexcept {
    Connection* const connection = at(token.slot());
    if (connection == nullptr || connection->generation_ != token.generation()) return nullptr;
    return connection;
}

Connection* ConnectionTable::at(Slot slot) noexcept {
    Connection& connection = place(index_of(slot));
    return connection.open_ ? &connection : nullptr;
}

void* ConnectionTable::session_of(Connection& connection) const noexcept {
    return reinterpret_cast<std::byte*>(&connection) + session_offset_;
}

} // namespace kodama
