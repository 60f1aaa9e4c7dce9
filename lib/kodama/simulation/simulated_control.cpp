// Shutting down, resetting, closing, cancelling: requests that are about other requests.
#include <kodama/simulation/simulated_ring.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <kodama/base/assert.hpp>

namespace kodama::simulation {

namespace {

// How a cancellation can meet what it cancels. The kernel promises no order between the two
// completions (io_uring_cancelation(7)).
enum class Race : std::uint32_t {
    won,            // the target ends with ECANCELED, then the cancellation with 0
    answered_first, // the same the other way round, with time between
    running,        // EALREADY: the target ends later, either way
    not_found,      // ENOENT: the target was just being put back, and stays armed
    lost,           // the target completes first; if that was its end, then ENOENT
};

// An accept is missed once at most: it is being put back only where it is armed, and then it waits
// for connections where it is found. So whoever cancels it knows how many may still come.
Race race_for(Request& target, Subject subject, Tape& tape) noexcept {
    constexpr auto races = static_cast<std::uint32_t>(Race::lost);
    auto const race = static_cast<Race>(tape.draw(Choice::cancel_races, subject, races));
    if (target.opcode != IORING_OP_ACCEPT) return race;
    bool const misses = race == Race::running || race == Race::not_found;
    return misses && std::exchange(target.missed, true) ? Race::won : race;
}

} // namespace

void SimulatedRing::answer_later(Request const& request, std::int32_t result,
                                 Duration delay) noexcept {
    answers_.push_back({.user_data = request.user_data,
                        .result = result,
                        .ready_at = now_ + delay,
                        .sequence = ++sequence_});
}

void SimulatedRing::shut_down(Request& request) noexcept {
    Socket& socket = socket_of(request);
    // It is always carried out by a thread of the kernel, so it never completes at once.
    Duration const delay = delay_of(Choice::shut_down_late, socket.subject);
    if (socket.ended()) return answer_later(request, -ENOTCONN, delay);
    socket.note_activity(now_);
    network_.finish_server_end(request.connection);
    answer_later(request, 0, delay);
}

void SimulatedRing::reset(Request& request) noexcept {
    Socket& socket = socket_of(request);
    sometimes_.note(Sometimes::reset_by_server);
    socket.note_activity(now_);
    socket.reset_after = now_ - socket.sent_at;
    bool const loses_data = tape_.happens(Choice::loses_data, socket.subject);
    network_.reset_by_server(request.connection, loses_data);
    post(request.user_data, 0, 0);
}

void SimulatedRing::close(Request& request) noexcept {
    if (request.listener >= 0) {
        network_.close_listener(*network_.listener(request.listener));
        return post(request.user_data, 0, 0);
    }
    Socket& socket = socket_of(request);
    ++progress_;
    if (!socket.server_finished) socket.note_activity(now_);
    // The place is free from now on, whenever that is told.
    if (request.direct) {
        direct_.release(request.descriptor);
    } else {
        ordinary_.release(request.descriptor);
    }
    network_.close_server_end(request.connection,
                              tape_.happens(Choice::loses_data, socket.subject));
    std::int32_t const result = tape_.happens(Choice::close_fails, socket.subject) ? -EIO : 0;
    Duration const delay = delay_of(Choice::close_late, socket.subject);
    if (delay == Duration::zero()) return post(request.user_data, result, 0);
    answer_later(request, result, delay);
    if (request.direct) answers_.back().closed_place = request.descriptor;
}

void SimulatedRing::cancel(Request& request) noexcept {
    auto const found = std::find_if(armed_.begin(), armed_.end(), [&](Request const& one) {
        return one.user_data == request.address;
    });
    if (found == armed_.end()) {
        // Over already; or in the hands of a kernel thread, and not to be held up any more.
        bool const running =
            std::any_of(answers_.begin(), answers_.end(),
                        [&](Answer const& answer) { return answer.user_data == request.address; });
        if (!running) sometimes_.note(Sometimes::cancel_found_nothing);
        return post(request.user_data, running ? -EALREADY : -ENOENT, 0);
    }
    bool const about_connection = found->listener < 0 && found->opcode != IORING_OP_READ;
    Subject const subject = about_connection ? socket_of(*found).subject : whole_run;
    if (found->opcode == IORING_OP_CONNECT) sometimes_.note(Sometimes::connect_cancelled);
    switch (race_for(*found, subject, tape_)) {
    case Race::won:
        break;
    case Race::answered_first: {
        sometimes_.note(Sometimes::cancel_answered_first);
        Request const target = std::move(*found);
        armed_.erase(found);
        post(request.user_data, 0, 0);
        return answer_later(target, -ECANCELED, delay_of(Choice::late, subject));
    }
    case Race::running:
        sometimes_.note(Sometimes::cancel_found_it_running);
        if (!ready(*found)) {
            Request const target = std::move(*found);
            armed_.erase(found);
            Duration const delay = delay_of(Choice::late, subject);
            if (delay == Duration::zero()) {
                post(target.user_data, -ECANCELED, 0);
            } else {
                answer_later(target, -ECANCELED, delay);
            }
        }
        return post(request.user_data, -EALREADY, 0);
    case Race::not_found:
        sometimes_.note(Sometimes::cancel_found_nothing);
        return post(request.user_data, -ENOENT, 0);
    case Race::lost:
        if (ready(*found)) {
            sometimes_.note(Sometimes::cancel_lost_to_data);
            Request target = std::move(*found);
            armed_.erase(found);
            bool const over = attempt(target, false);
            if (!over) post(target.user_data, -ECANCELED, 0);
            return post(request.user_data, over ? -ENOENT : 0, 0);
        }
        break;
    }
    sometimes_.note(Sometimes::cancel_won);
    std::uint64_t const target = found->user_data;
    armed_.erase(found);
    post(target, -ECANCELED, 0);
    post(request.user_data, 0, 0);
}

} // namespace kodama::simulation
