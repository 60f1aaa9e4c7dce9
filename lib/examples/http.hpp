// A server of HTTP/1.1 (RFC 9112) with one page; keeps connections alive, also pipelined ones.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <kodama/kodama.hpp>

#include "serve.hpp"

namespace examples {

using namespace std::string_view_literals;

// Answers a request when its head and its body have come. After one that is wrong, nobody knows
// where the next would begin, so that is answered with an error, and the connection is closed. It
// sends no Date, which is for servers with a clock.
class HttpSession {
public:
    static constexpr std::size_t request_max = 8 * 1024; // bytes, head and body

    std::size_t on_bytes(kodama::Connection& connection, std::string_view bytes) {
        std::size_t const blank_line = bytes.find("\r\n\r\n");
        if (blank_line == std::string_view::npos) return 0;
        std::size_t const head_size = blank_line + 4;
        std::string_view lines = bytes.substr(0, blank_line + 2);
        Request request;
        if (!request.take_first_line(next_line(lines)))
            return fail(connection, bytes, "400 Bad Request"sv);
        while (!lines.empty())
            if (!request.take_field(next_line(lines)))
                return fail(connection, bytes, "400 Bad Request"sv);
        if (request.hosts != 1 && request.minor == 1)
            return fail(connection, bytes, "400 Bad Request"sv);
        if (request.is_coded) return fail(connection, bytes, "501 Not Implemented"sv);
        if (request.body > request_max - head_size)
            return fail(connection, bytes, "413 Content Too Large"sv);
        if (bytes.size() - head_size < request.body) return 0;
        answer(connection, request);
        return head_size + request.body;
    }

    // Without the end of its head; one with too long a body is not waited for.
    void on_message_too_long(kodama::Connection& connection) {
        fail(connection, {}, "431 Request Header Fields Too Large"sv);
    }

private:
    struct Request {
        std::string_view method;
        std::string_view target;
        int minor = 1;
        int hosts = 0;
        std::size_t body = 0;
        bool has_length = false;
        bool is_coded = false;
        std::optional<bool> keep_alive;

        // "GET /path HTTP/1.1"
        bool take_first_line(std::string_view line) {
            std::size_t const first = line.find(' ');
            std::size_t const last = line.rfind(' ');
            if (first == 0 || first == std::string_view::npos || first == last) return false;
            std::string_view const version = line.substr(last + 1);
            method = line.substr(0, first);
            target = line.substr(first + 1, last - first - 1);
            minor = version == "HTTP/1.0" ? 0 : 1;
            return (version == "HTTP/1.1" || minor == 0) && target.starts_with('/') &&
                   target.find(' ') == std::string_view::npos;
        }

        // "Name: value"; a name of no bytes or before a space is how requests are smuggled.
        bool take_field(std::string_view line) {
            std::size_t const colon = line.find(':');
            std::string_view const name = line.substr(0, colon);
            if (colon == std::string_view::npos || name.empty() ||
                name.find_first_of(" \t") != std::string_view::npos)
                return false;
            std::string_view value = line.substr(colon + 1);
            value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
            value = value.substr(0, value.find_last_not_of(" \t") + 1);
            if (is(name, "host")) ++hosts;
            if (is(name, "transfer-encoding")) is_coded = true;
            if (is(name, "connection") && is(value, "close")) keep_alive = false;
            if (is(name, "connection") && is(value, "keep-alive")) keep_alive = true;
            return !is(name, "content-length") || take_length(value);
        }

        bool take_length(std::string_view value) {
            char const* const end = value.data() + value.size();
            auto const [stop, error] = std::from_chars(value.data(), end, body);
            bool const first = !std::exchange(has_length, true);
            return first && !value.empty() && error == std::errc() && stop == end;
        }
    };

    static std::string_view next_line(std::string_view& lines) {
        std::size_t const end = lines.find("\r\n");
        std::string_view const line = lines.substr(0, end);
        lines.remove_prefix(end + 2);
        return line;
    }

    static bool is(std::string_view text, std::string_view small) {
        return std::equal(text.begin(), text.end(), small.begin(), small.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    }

    static std::size_t fail(kodama::Connection& connection, std::string_view bytes,
                            std::string_view status) {
        say(connection, "HTTP/1.1 "sv);
        say(connection, status);
        say(connection, "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"sv);
        connection.close();
        return bytes.size();
    }

    static void answer(kodama::Connection& connection, Request const& request) {
        bool const known = request.target == "/";
        bool const head = request.method == "HEAD";
        bool const stays = request.keep_alive.value_or(request.minor == 1);
        if (request.method != "GET" && !head) {
            say(connection, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"
                            "Content-Length: 0\r\n"sv);
        } else {
            say(connection, known ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                    "Content-Length: 14\r\n"sv
                                  : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"sv);
        }
        if (!stays) say(connection, "Connection: close\r\n"sv);
        if (stays && request.minor == 0) say(connection, "Connection: keep-alive\r\n"sv);
        say(connection, "\r\n"sv);
        if (known && request.method == "GET") say(connection, "Hello, world!\n"sv);
        if (!stays) connection.close();
    }
};

using Http = kodama::Framed<HttpSession, HttpSession::request_max>;

} // namespace examples
