#include <bench/harness/text_file.hpp>

#include <array>

#include <fcntl.h>
#include <unistd.h>

#include <kodama/base/unique_fd.hpp>

namespace kodama::bench {

std::optional<std::string> read_text_file(std::string const& path) {
    UniqueFd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        ssize_t const size = ::read(file.get(), piece.data(), piece.size());
        if (size < 0) return std::nullopt;
        if (size == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(size));
    }
}

std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view blank = " \t\n";
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(blank); at != std::string_view::npos;) {
        std::size_t const end = std::min(text.find_first_of(blank, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(blank, end);
    }
    return words;
}

} // namespace kodama::bench
