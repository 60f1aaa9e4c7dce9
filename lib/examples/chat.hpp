// A chat room: what one says, all others hear, whichever worker serves them.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <kodama/kodama.hpp>

#include "serve.hpp"

namespace examples {

// Who is there. All workers' threads use it at once, so it has a lock.
class Room {
public:
    void enter(kodama::Handle const& visitor) {
        std::lock_guard const lock(mutex_);
        visitors_.push_back(visitor);
    }
    void leave(kodama::Handle const& visitor) {
        std::lock_guard const lock(mutex_);
        std::erase(visitors_, visitor);
    }
    // The text is copied once, however many there are. Whoever reads too slowly is reset, by us or
    // by another worker; where that has so much to do that its inbox is full, they miss a message.
    void say(kodama::Handle const& speaker, std::string_view text) {
        kodama::SharedBytes const message = kodama::SharedBytes::copy_of(text);
        std::lock_guard const lock(mutex_);
        for (kodama::Handle const& visitor : visitors_) {
            if (visitor != speaker && !visitor.send(message)) visitor.abort();
        }
    }

private:
    std::mutex mutex_;
    std::vector<kodama::Handle> visitors_;
};

// One connection. Its first line is the visitor's name, each after that is said to the others.
class Visitor {
public:
    explicit Visitor(Room& room) : room_(room) {}

    void on_open(kodama::Connection& connection) {
        handle_ = connection.handle();
        say(connection, std::string_view("name?\n"));
    }

    void on_line(kodama::Connection& connection, std::string_view line) {
        if (!name_.empty()) return room_.say(handle_, name_ + ": " + std::string(line) + "\n");
        if (line.empty()) return;
        name_ = line;
        room_.say(handle_, name_ + " enters\n");
        room_.enter(handle_);
        say(connection, std::string_view("welcome\n"));
    }

    void on_close(kodama::CloseReason /*reason*/) {
        if (name_.empty()) return;
        room_.leave(handle_);
        room_.say(handle_, name_ + " leaves\n");
    }

private:
    Room& room_;
    kodama::Handle handle_;
    std::string name_; // empty until it is told
};

using Chat = kodama::Lines<Visitor, 1000>;

} // namespace examples
