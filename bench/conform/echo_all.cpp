#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <poll.h>

#include <bench/conform/connection.hpp>

namespace kodama::bench::conform {

namespace {

// One connection on its way to having sent, and got back, everything up to `goal`.
struct Course {
    Connection* connection;
    std::uint64_t goal;

    [[nodiscard]] std::uint64_t to_send() const { return goal - connection->sent(); }
    [[nodiscard]] std::uint64_t to_receive() const { return goal - connection->received(); }

    [[nodiscard]] short events() const {
        int const events = (to_send() > 0 ? POLLOUT : 0) | (to_receive() > 0 ? POLLIN : 0);
        return static_cast<short>(events);
    }

    void move(short happened, End end) const {
        if (to_send() > 0 && (happened & ~POLLIN) != 0) {
            connection->send_now(to_send());
            if (to_send() == 0 && end == End::finish) connection->shut_down_sending();
        }
        if (to_receive() > 0 && (happened & ~POLLOUT) != 0) connection->receive_now(to_receive());
    }
};

void await_any(std::vector<pollfd>& polled, Course const& first) {
    int ready = 0;
    do {
        ready = ::poll(polled.data(), polled.size(),
                       static_cast<int>(first.connection->timeout().count()));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) first.connection->fail_for_silence(first.events());
}

} // namespace

void echo_all(std::span<Connection> connections, std::size_t count, End end) {
    std::vector<Course> courses;
    for (Connection& one : connections)
        courses.push_back({.connection = &one, .goal = one.sent() + count});
    std::vector<pollfd> polled;
    for (;;) {
        std::erase_if(courses, [](Course const& one) { return one.events() == 0; });
        if (courses.empty()) break;
        polled.clear();
        for (Course const& one : courses) {
            int const fd = one.connection->descriptor();
            polled.push_back({.fd = fd, .events = one.events(), .revents = 0});
        }
        await_any(polled, courses.front());
        for (std::size_t i = 0; i < courses.size(); ++i) {
            if (polled[i].revents != 0) courses[i].move(polled[i].revents, end);
        }
    }
    if (end == End::stay_open) return;
    for (Connection& one : connections)
        one.expect_fin();
}

} // namespace kodama::bench::conform
