#include <bench/load/progress.hpp>

#include <cstdio>

#include <unistd.h>

namespace kodama::bench {

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::string const& text) {
    if (!terminal_) return;
    std::fputs(("\r\x1b[K" + text).c_str(), stderr);
    std::fflush(stderr);
    shown_ = true;
}

void Progress::clear() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

void Progress::tell(std::string const& line) {
    clear();
    std::fputs(("kodama-load: " + line + "\n").c_str(), stderr);
}

} // namespace kodama::bench
