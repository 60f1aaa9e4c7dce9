// What is done to a connection from elsewhere: through a Handle, by another session or thread.
#include <kodama/core/worker.hpp>

#include <utility>

#include <kodama/base/assert.hpp>
#include <kodama/core/handle.hpp>
#include <kodama/core/inbox.hpp>

namespace kodama {

namespace {

bool carry_out(std::shared_ptr<Inbox> const& inbox, Errand&& errand) noexcept {
    if (inbox == nullptr) return false;
    if (Worker* const worker = inbox->worker_here()) return worker->act(errand);
    return inbox->put(std::move(errand));
}

} // namespace

bool Handle::send(SharedBytes bytes) const noexcept {
    return carry_out(inbox_, {.kind = Errand::Kind::send,
                              .slot = slot_,
                              .generation = generation_,
                              .shared = std::move(bytes)});
}

bool Handle::send_copy(std::span<std::byte const> bytes) const noexcept {
    return carry_out(inbox_, {.kind = Errand::Kind::send_copy,
                              .slot = slot_,
                              .generation = generation_,
                              .bytes = bytes});
}

bool Handle::close() const noexcept {
    return carry_out(inbox_,
                     {.kind = Errand::Kind::close, .slot = slot_, .generation = generation_});
}

bool Handle::abort() const noexcept {
    return carry_out(inbox_,
                     {.kind = Errand::Kind::abort, .slot = slot_, .generation = generation_});
}

Connection* Handle::here() const noexcept {
    Worker* const worker = inbox_ == nullptr ? nullptr : inbox_->worker_here();
    return worker == nullptr ? nullptr : worker->find(slot_, generation_);
}

Handle Worker::handle_of(Connection const& connection) const noexcept {
    return Handle(inbox_, connection.slot_, connection.generation_);
}

// Any operation does for a token that is only to find the connection.
Connection* Worker::find(Slot slot, Generation generation) noexcept {
    Connection* const connection = table_.find(Token(Operation::send, slot, generation));
    return connection != nullptr && connection->has_session_ ? connection : nullptr;
}

bool Worker::act(Errand const& errand) noexcept {
    Connection* const connection = find(errand.slot, errand.generation);
    if (connection == nullptr) return false;
    switch (errand.kind) {
    case Errand::Kind::send:
        return send(*connection, errand.shared);
    case Errand::Kind::send_copy:
        return has_room(*connection) ? send_copy(*connection, errand.bytes)
                                     : refuse(*connection, errand.bytes.size());
    case Errand::Kind::close:
        connection->close();
        return true;
    case Errand::Kind::abort:
        connection->abort();
        return true;
    }
    KODAMA_ASSERT(false); // a kind that there is not
    return false;
}

// Nobody waits for the answers of these.
void Worker::run_errands() noexcept {
    for (Errand& next : inbox_->take()) {
        Errand const errand = std::move(next); // so that what it refers to is let go of here
        counters_.add(Counter::errands);
        if (act(errand)) continue;
        Connection* const connection = find(errand.slot, errand.generation);
        if (connection == nullptr || !connection->state_.may_send()) continue;
        connection->state_.abort(CloseReason::overrun);
        touch(*connection);
    }
}

} // namespace kodama
