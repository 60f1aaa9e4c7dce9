// One line on a terminal that says how far a run is.
#pragma once

#include <string>

namespace kodama::bench {

// Writes to stderr; the line is replaced by the next, and by what else is told. Without a terminal
// it says nothing.
class Progress {
public:
    Progress();
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;
    ~Progress() { clear(); }

    [[nodiscard]] bool is_shown() const noexcept { return terminal_; }

    void show(std::string const& text);
    void clear();

    // A line that stays.
    void tell(std::string const& line);

private:
    bool terminal_;
    bool shown_ = false;
};

} // namespace kodama::bench
