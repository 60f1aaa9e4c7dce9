// Many connections that are received from at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ring_fixture.hpp"

namespace kodama::testing {

// Arms a receive on each of them, again whenever it ends before the FIN, and keeps what came. All
// buffers of the pool that are free are the kernel's.
template <class Fixture> class Streams {
public:
    struct Stream {
        typename Fixture::Connected connected;
        Token token;
        bool armed = false;
        bool ended = false;
        int end = 0; // the result that ended it
        int arms = 0;
        int starved = 0; // how often there was no buffer
        std::string got{};
        std::string sent{};

        // From the peer.
        void say(std::string const& text) {
            connected.peer.send(text);
            sent += text;
        }
    };

    Streams(Fixture& fixture, std::uint32_t count) : fixture_(fixture) {
        for (std::uint32_t i = 0; i < count; ++i)
            streams_.push_back({fixture.connect(), fixture.token(Operation::receive, i)});
    }

    // Looks at what was seen by now, and asks for more.
    void work() {
        for (Stream& stream : streams_)
            collect(stream);
        fixture_.publish(fixture_.pool.free_count());
        for (Stream& stream : streams_) {
            if (stream.armed || stream.ended) continue;
            fixture_.receive(stream.connected.descriptor, stream.token);
            stream.armed = true;
            ++stream.arms;
        }
    }

    template <class Predicate> void work_until(char const* what, Predicate&& predicate) {
        fixture_.turn_until(what, [&] {
            work();
            return predicate();
        });
    }

    // Until everything said was heard.
    void work_until_heard() {
        work_until("everything is heard", [&] {
            for (Stream const& stream : streams_) {
                if (stream.got.size() < stream.sent.size()) return false;
            }
            return true;
        });
    }

    [[nodiscard]] Stream& operator[](std::size_t i) { return streams_[i]; }
    [[nodiscard]] auto begin() { return streams_.begin(); }
    [[nodiscard]] auto end() { return streams_.end(); }

private:
    void collect(Stream& stream) {
        while (std::optional<Completion> const completion = fixture_.find(stream.token)) {
            REQUIRE(stream.armed);
            stream.armed = completion->more();
            stream.got += fixture_.bytes_of(*completion);
            if (completion->result > 0) continue;
            CHECK_FALSE(stream.armed);
            if (completion->result == -ENOBUFS) {
                ++stream.starved;
                continue;
            }
            stream.ended = true;
            stream.end = completion->result;
        }
    }

    Fixture& fixture_;
    std::vector<Stream> streams_;
};

} // namespace kodama::testing
