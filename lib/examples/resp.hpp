// A server of RESP2, the protocol of Redis: PING, ECHO, SET, GET, DEL, QUIT; pipelined or not.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <kodama/kodama.hpp>

#include "resp_store.hpp"
#include "serve.hpp"

namespace examples {

// One request after another, whatever they arrive in: as arrays of bulk strings, or inline (a line
// of words). What is no request is answered with an error, and the connection is closed.
class RespSession {
public:
    static constexpr std::size_t request_max = 16 * 1024; // bytes

    std::size_t on_bytes(kodama::Connection& connection, std::string_view bytes) {
        Parser parser{bytes};
        Outcome const outcome = bytes.front() == '*' ? parser.array() : parser.inline_words();
        if (outcome == Outcome::incomplete) return 0;
        if (outcome == Outcome::wrong) {
            fail(connection, "-ERR Protocol error\r\n");
            return bytes.size();
        }
        if (parser.count > 0) execute(connection, std::span(parser.words).first(parser.count));
        return parser.at;
    }

    void on_message_too_long(kodama::Connection& connection) {
        fail(connection, "-ERR Protocol error: too big a request\r\n");
    }

private:
    enum class Outcome { whole, incomplete, wrong };

    struct Parser {
        std::string_view bytes;
        std::size_t at = 0;
        std::array<std::string_view, 16> words{};
        std::size_t count = 0;

        // "<mark><number>CRLF"
        Outcome number(char mark, std::uint64_t most, std::size_t& value) {
            if (at == bytes.size()) return Outcome::incomplete;
            if (bytes[at] != mark) return Outcome::wrong;
            constexpr std::size_t line_max = 24;
            std::size_t const end = bytes.substr(at, line_max).find('\n');
            if (end == std::string_view::npos)
                return bytes.size() - at < line_max ? Outcome::incomplete : Outcome::wrong;
            char const* const first = bytes.data() + at + 1;
            char const* const last = bytes.data() + at + end - 1; // where the CR has to be
            auto const [stop, error] = std::from_chars(first, last, value);
            if (last <= first || *last != '\r' || error != std::errc() || stop != last ||
                value > most)
                return Outcome::wrong;
            at += end + 1;
            return Outcome::whole;
        }

        Outcome array() {
            std::size_t wanted = 0;
            Outcome outcome = number('*', words.size(), wanted);
            while (outcome == Outcome::whole && count < wanted) {
                std::size_t size = 0;
                outcome = number('$', request_max, size);
                if (outcome != Outcome::whole) break;
                if (bytes.size() - at < size + 2) return Outcome::incomplete;
                words[count++] = bytes.substr(at, size);
                at += size + 2;
                if (bytes.substr(at - 2, 2) != "\r\n") return Outcome::wrong;
            }
            return outcome;
        }

        Outcome inline_words() {
            std::size_t const end = bytes.find('\n');
            if (end == std::string_view::npos) return Outcome::incomplete;
            std::string_view line = bytes.substr(0, end);
            at = end + 1;
            while (true) {
                line.remove_prefix(std::min(line.find_first_not_of(" \r"), line.size()));
                if (line.empty()) return Outcome::whole;
                if (count == words.size()) return Outcome::wrong;
                words[count++] = line.substr(0, line.find_first_of(" \r"));
                line.remove_prefix(words[count - 1].size());
            }
        }
    };

    static void fail(kodama::Connection& connection, std::string_view error) {
        say(connection, error);
        connection.close();
    }

    static void say_bulk(kodama::Connection& connection, std::string_view value) {
        std::array<char, 32> head{'$'};
        char* end = std::to_chars(head.data() + 1, head.data() + head.size() - 2, value.size()).ptr;
        *end++ = '\r';
        *end++ = '\n';
        say(connection, std::string_view(head.data(), end));
        say(connection, value);
        say(connection, std::string_view("\r\n"));
    }

    static bool is(std::string_view word, std::string_view name) {
        return std::equal(word.begin(), word.end(), name.begin(), name.end(),
                          [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
    }

    static void execute(kodama::Connection& connection, std::span<std::string_view const> words) {
        std::string_view const name = words[0];
        if (is(name, "PING") && words.size() == 1) {
            say(connection, std::string_view("+PONG\r\n"));
        } else if ((is(name, "ECHO") || is(name, "PING")) && words.size() == 2) {
            say_bulk(connection, words[1]);
        } else if (is(name, "GET") && words.size() == 2) {
            store.get(words[1], [&](std::string const* value) {
                value == nullptr ? say(connection, std::string_view("$-1\r\n"))
                                 : say_bulk(connection, *value);
            });
        } else if (is(name, "SET") && words.size() == 3) {
            bool const stored = store.set(words[1], words[2]);
            say(connection, std::string_view(stored ? "+OK\r\n" : "-ERR too many keys\r\n"));
        } else if (is(name, "DEL") && words.size() == 2) {
            say(connection, std::string_view(store.erase(words[1]) ? ":1\r\n" : ":0\r\n"));
        } else if (is(name, "QUIT")) {
            fail(connection, "+OK\r\n");
        } else {
            say(connection, std::string_view("-ERR unknown command, or wrong arguments\r\n"));
        }
    }

    static inline Store store;
};

using Resp = kodama::Framed<RespSession, RespSession::request_max>;

} // namespace examples
