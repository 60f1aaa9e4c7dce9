#include <app/event_log.hpp>

namespace app {

namespace {

constexpr std::chrono::seconds silence{1};

std::string text_of(kodama::Event event) {
    switch (event) {
    case kodama::Event::accept_paused_table:
        return "accepting paused: a worker's share of --max-connections is used up";
    case kodama::Event::accept_paused_descriptors:
        return "accepting paused: no descriptors left (ulimit -n, LimitNOFILE=, fs.file-max)";
    case kodama::Event::accept_paused_memory:
        return "accepting paused: no memory left for connections";
    case kodama::Event::accept_resumed:
        return "accepting resumed";
    case kodama::Event::listener_lost:
        return "a listening socket was shut down; nothing is accepted on it any more";
    }
    return "something happened";
}

} // namespace

void EventLog::tell(kodama::Event event) {
    std::lock_guard const lock(mutex_);
    bool const resumed = event == kodama::Event::accept_resumed;
    auto const now = std::chrono::steady_clock::now();
    if (resumed ? !paused_told_ : now < next_) {
        ++left_out_;
        return;
    }
    paused_told_ = !resumed;
    std::string line = "kodama: " + text_of(event);
    if (left_out_ > 0) line += " (" + std::to_string(left_out_) + " more since the last line)";
    left_out_ = 0;
    next_ = now + silence;
    say_(line);
}

} // namespace app
