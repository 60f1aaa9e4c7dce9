#include <kodama/core/connection.hpp>

#include <kodama/core/worker.hpp>

namespace kodama {

bool Connection::send(Buffer&& buffer) noexcept { return worker_->send(*this, std::move(buffer)); }

bool Connection::send(SharedBytes const& bytes) noexcept { return worker_->send(*this, bytes); }

bool Connection::send_copy(std::span<std::byte const> bytes) noexcept {
    return worker_->send_copy(*this, bytes);
}

void Connection::pause_receiving() noexcept {
    state_.pause();
    worker_->touch(*this);
}

void Connection::resume_receiving() noexcept {
    state_.resume();
    worker_->touch(*this);
}

void Connection::finish() noexcept {
    state_.finish(CloseReason::session_closed);
    worker_->touch(*this);
}

void Connection::close() noexcept {
    state_.close(CloseReason::session_closed);
    worker_->touch(*this);
}

void Connection::abort() noexcept {
    state_.abort(CloseReason::session_aborted);
    worker_->touch(*this);
}

Handle Connection::handle() const noexcept { return worker_->handle_of(*this); }

Handle Connection::connect(Address const& to) noexcept { return worker_->connect(*this, to); }

Handle Connection::opener() const noexcept { return worker_->opener_of(*this); }

bool Connection::pair_with(Connection& other) noexcept { return worker_->pair(*this, other); }

bool Connection::forward(Buffer&& buffer) noexcept {
    return worker_->forward(*this, std::move(buffer));
}

void Connection::start_timer(std::chrono::nanoseconds delay) noexcept {
    worker_->start_session_timer(*this, delay);
}

void Connection::stop_timer() noexcept { worker_->stop_session_timer(*this); }

Address const& Connection::peer() noexcept {
    if (peer_.family() == AddressFamily::unspecified) {
        peer_ = worker_->ring_.peer_address(descriptor_);
    }
    return peer_;
}

} // namespace kodama
