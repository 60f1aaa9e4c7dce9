#include <kodama/simulation/report.hpp>

#include <iomanip>
#include <ostream>

#include <kodama/simulation/script.hpp>

namespace kodama::simulation {

namespace {

// Few enough to be named; a short run misses many.
bool few(std::size_t missing) noexcept { return missing > 0 && missing <= 12; }

template <class Visitor> void for_each_pair(Visitor&& visitor) {
    for (std::size_t s = 0; s < situation_count; ++s) {
        for (std::size_t h = 0; h < happening_count; ++h)
            visitor(static_cast<Situation>(s), static_cast<Happening>(h));
    }
}

std::uint64_t count_of(Findings const& findings, Situation situation, Happening happening) {
    return findings.coverage
        .counts[static_cast<std::size_t>(situation)][static_cast<std::size_t>(happening)];
}

std::string pair_name(Situation situation, Happening happening) {
    return std::string(name_of(situation)) + "/" + std::string(name_of(happening));
}

void append(std::string& list, std::string_view item) {
    if (!list.empty()) list += ", ";
    list += item;
}

} // namespace

void print_summary(std::ostream& out, Findings const& findings, double seconds) {
    out << findings.runs << " runs, " << findings.turns << " turns, "
        << findings.bytes_echoed / 1000 << " kB sent in " << std::fixed << std::setprecision(1)
        << seconds << " s";
    if (seconds > 0) {
        out << ": " << std::setprecision(0) << static_cast<double>(findings.runs) / seconds
            << " runs a second";
    }
    std::size_t pairs = 0;
    std::size_t met = 0;
    std::string never;
    for_each_pair([&](Situation situation, Happening happening) {
        if (!legal(situation, happening)) return;
        ++pairs;
        if (count_of(findings, situation, happening) > 0) {
            ++met;
        } else {
            append(never, pair_name(situation, happening));
        }
    });
    out << "\nevents in states: " << met << " of the " << pairs << " pairs that are possible"
        << (few(pairs - met) ? "; never: " + never : "");
    never.clear();
    met = 0;
    for (std::size_t i = 0; i < sometimes_count; ++i) {
        if (findings.sometimes.counts[i] > 0) {
            ++met;
        } else {
            append(never, name_of(static_cast<Sometimes>(i)));
        }
    }
    out << "\nrare events: " << met << " of " << sometimes_count
        << (few(sometimes_count - met) ? "; never: " + never : "") << '\n';
}

void print_tables(std::ostream& out, Findings const& findings) {
    constexpr int name_width = 40;
    constexpr int count_width = 12;
    out << "\nEvents, by the state of their connection:\n";
    for_each_pair([&](Situation situation, Happening happening) {
        if (!legal(situation, happening)) return;
        out << "  " << std::left << std::setw(name_width) << pair_name(situation, happening)
            << std::right << std::setw(count_width) << count_of(findings, situation, happening)
            << '\n';
    });
    out << "\nRare events:\n";
    for (std::size_t i = 0; i < sometimes_count; ++i) {
        out << "  " << std::left << std::setw(name_width) << name_of(static_cast<Sometimes>(i))
            << std::right << std::setw(count_width) << findings.sometimes.counts[i] << '\n';
    }
}

void print_failure(std::ostream& out, Failure const& failure, std::string_view how_to_replay) {
    out << to_string(failure.script, failure.what + "\n" + std::string(how_to_replay))
        << std::flush;
}

std::string illegal_events(Findings const& findings) {
    std::string met;
    for_each_pair([&](Situation situation, Happening happening) {
        if (legal(situation, happening) || count_of(findings, situation, happening) == 0) return;
        append(met, pair_name(situation, happening));
    });
    return met;
}

} // namespace kodama::simulation
