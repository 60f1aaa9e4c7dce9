#include <bench/harness/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>

namespace kodama::bench {

JsonWriter& JsonWriter::open_object(std::string_view name) {
    begin(name);
    text_ += '{';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close_object() {
    text_ += '}';
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::open_array(std::string_view name) {
    begin(name);
    text_ += '[';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close_array() {
    text_ += ']';
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view name, std::string_view value) {
    begin(name);
    quote(value);
    return *this;
}

JsonWriter& JsonWriter::count(std::string_view name, std::uint64_t value) {
    begin(name);
    text_ += std::to_string(value);
    return *this;
}

JsonWriter& JsonWriter::number(std::string_view name, double value) {
    begin(name);
    text_ += std::isfinite(value) ? decimal(value, 6) : "null";
    return *this;
}

JsonWriter& JsonWriter::flag(std::string_view name, bool value) {
    begin(name);
    text_ += value ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::null(std::string_view name) {
    begin(name);
    text_ += "null";
    return *this;
}

void JsonWriter::begin(std::string_view name) {
    if (!first_) text_ += ',';
    first_ = false;
    if (name.empty()) return;
    quote(name);
    text_ += ':';
}

void JsonWriter::quote(std::string_view text) {
    text_ += '"';
    for (char const character : text) {
        auto const byte = static_cast<unsigned char>(character);
        if (byte < 0x20) {
            std::array<char, 8> escaped{};
            static_cast<void>(std::snprintf(escaped.data(), escaped.size(), "\\u%04x", byte));
            text_ += escaped.data();
        } else {
            if (character == '"' || character == '\\') text_ += '\\';
            text_ += character;
        }
    }
    text_ += '"';
}

std::string decimal(double value, int digits) {
    std::array<char, 64> written{};
    static_cast<void>(std::snprintf(written.data(), written.size(), "%.*f", digits, value));
    std::string text = written.data();
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
    }
    return text == "-0" ? "0" : text;
}

} // namespace kodama::bench
