// The character generator protocol (RFC 864).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <kodama/kodama.hpp>

namespace examples {

// Sends lines of 72 printable characters, each line one character further on in the alphabet, for
// as long as the client takes them. It never waits: a refused send says that the client has enough
// for now, and on_writable that it wants more.
class Chargen {
public:
    void on_open(kodama::Connection& connection) { go_on(connection); }
    void on_writable(kodama::Connection& connection) { go_on(connection); }
    void on_receive(kodama::Connection& /*connection*/, kodama::Buffer /*buffer*/) {} // thrown away

private:
    static constexpr std::size_t letters = 95; // from ' ' to '~'
    static constexpr std::size_t line_size = 72 + 2;

    // As many lines as there are first letters, after which they begin again.
    static constexpr std::array<char, letters* line_size> pattern = [] {
        std::array<char, letters * line_size> text{};
        for (std::size_t line = 0; line < letters; ++line) {
            for (std::size_t i = 0; i < line_size - 2; ++i)
                text[line * line_size + i] = static_cast<char>(' ' + (line + i) % letters);
            text[(line + 1) * line_size - 2] = '\r';
            text[(line + 1) * line_size - 1] = '\n';
        }
        return text;
    }();

    // All of a line or nothing is taken each time.
    void go_on(kodama::Connection& connection) {
        while (connection.send_copy(std::string_view(&pattern[line_ * line_size], line_size)))
            line_ = (line_ + 1) % letters;
    }

    std::size_t line_ = 0; // that comes next
};

} // namespace examples
