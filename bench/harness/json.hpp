// Writing JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kodama::bench {

// An object or array that grows at its end; what is opened must be closed in turn.
class JsonWriter {
public:
    JsonWriter& open_object(std::string_view name = {});
    JsonWriter& close_object();
    JsonWriter& open_array(std::string_view name = {});
    JsonWriter& close_array();

    // Without a name, an element of an array.
    JsonWriter& text(std::string_view name, std::string_view value);
    JsonWriter& count(std::string_view name, std::uint64_t value);
    JsonWriter& number(std::string_view name, double value); // null when it is none
    JsonWriter& flag(std::string_view name, bool value);
    JsonWriter& null(std::string_view name);

    [[nodiscard]] std::string const& result() const noexcept { return text_; }

private:
    void begin(std::string_view name);
    void quote(std::string_view text);

    std::string text_;
    bool first_ = true; // no comma is needed
};

// "1234.5", at most so many digits behind the point, none that say nothing.
[[nodiscard]] std::string decimal(double value, int digits);

} // namespace kodama::bench
