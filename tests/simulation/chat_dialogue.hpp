// What visitors of the chat room say, and what they may hear.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <kodama/simulation/dialogue.hpp>

namespace kodama::testing {

// One visitor's screen. Whom it heard enter it hears from their first line on, everybody from the
// one that it heard first, in order and without a gap, until they leave.
class ChatChecker final : public simulation::Checker {
public:
    explicit ChatChecker(std::uint32_t visitor) : visitor_("v" + std::to_string(visitor)) {}

    [[nodiscard]] std::string check(std::span<std::byte const> bytes) override {
        for (std::byte const byte : bytes) {
            if (byte != std::byte{'\n'}) {
                line_ += static_cast<char>(byte);
            } else if (!may_come(line_)) {
                return "\"" + line_ + "\" as line " + std::to_string(lines_);
            } else {
                ++lines_;
                line_.clear();
            }
        }
        return {};
    }

private:
    struct Other {
        std::uint64_t next = 0;
        bool left = false;
    };

    [[nodiscard]] bool may_come(std::string_view line) {
        if (lines_ == 0) return line == "name?";
        if (lines_ == 1) return line == "welcome";
        std::size_t const end = line.find_first_of(": ");
        if (end == line.npos || line.substr(0, end) == visitor_) return false;
        std::string_view const rest = line.substr(end);
        auto const [other, is_new] = others_.try_emplace(std::string(line.substr(0, end)));
        if (rest == " enters") return is_new;
        if (other->second.left) return false;
        if (rest == " leaves") {
            other->second.left = true;
            return true;
        }
        return says(other->second, is_new, rest);
    }

    [[nodiscard]] static bool says(Other& other, bool is_new, std::string_view rest) {
        if (!rest.starts_with(": ")) return false;
        rest.remove_prefix(2);
        std::uint64_t number = 0;
        auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error != std::errc() || end != rest.data() + rest.size()) return false;
        return std::exchange(other.next, number + 1) == number || is_new;
    }

    std::string visitor_;
    std::string line_;
    std::uint64_t lines_ = 0;
    std::map<std::string, Other, std::less<>> others_;
};

// Each visitor tells a name that nobody else has, and counts.
class ChatDialogue final : public simulation::Dialogue {
public:
    ChatDialogue() {
        for (unsigned i = 0; i < 10'000; ++i)
            numbers_ += std::to_string(i) + "\n";
    }

    [[nodiscard]] std::byte question(std::uint32_t connection,
                                     std::uint64_t offset) const override {
        std::string const name = name_line(connection);
        return static_cast<std::byte>(offset < name.size() ? name.at(offset)
                                                           : numbers_.at(offset - name.size()));
    }

    [[nodiscard]] std::uint64_t due(std::uint32_t connection, std::uint64_t said) const override {
        constexpr std::string_view asked = "name?\n";
        constexpr std::string_view told = "welcome\n";
        return asked.size() + (said < name_line(connection).size() ? 0 : told.size());
    }

    [[nodiscard]] std::uint64_t most(std::uint32_t connection, std::uint64_t said) const override {
        if (said < name_line(connection).size()) return due(connection, said);
        return std::numeric_limits<std::uint64_t>::max();
    }

    [[nodiscard]] std::unique_ptr<simulation::Checker>
    checker(std::uint32_t connection) const override {
        return std::make_unique<ChatChecker>(connection);
    }

private:
    [[nodiscard]] static std::string name_line(std::uint32_t connection) {
        return "v" + std::to_string(connection) + "\n";
    }

    std::string numbers_;
};

} // namespace kodama::testing
