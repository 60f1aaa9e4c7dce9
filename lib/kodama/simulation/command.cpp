#include <kodama/simulation/command.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <ostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include <kodama/simulation/report.hpp>
#include <kodama/simulation/search.hpp>
#include <kodama/simulation/shrink.hpp>

namespace kodama::simulation {

namespace {

namespace po = boost::program_options;

struct Command {
    Exploration exploration;
    std::string name; // of the program
    std::vector<std::string> replay;
    bool exhaustive = false;
    std::size_t depth = 2;
    bool verbose = false;
};

// A number, or a commit's hash, of which the first 64 bits count.
std::uint64_t parse_seed(std::string const& text) {
    constexpr std::size_t hash_length = 40;
    bool const is_hash = text.size() == hash_length;
    std::string const digits = is_hash ? text.substr(0, 16) : text;
    std::uint64_t seed = 0;
    auto const [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seed, is_hash ? 16 : 10);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) {
        throw std::invalid_argument("--seed: \"" + text +
                                    "\" is neither a number below 2^64 nor 40 hexadecimal digits");
    }
    return seed;
}

std::uint64_t parse_count(std::string const& option, std::string const& text, std::uint64_t most) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || value == 0 || value > most) {
        throw std::invalid_argument(option + ": \"" + text + "\" is not in 1 to " +
                                    std::to_string(most));
    }
    return value;
}

po::options_description describe_options() {
    po::options_description options("Options");
    options.add_options()("help", "show this")(
        "seed", po::value<std::string>(),
        "the first run's number, or a commit's hash; by default a random one")(
        "runs", po::value<std::string>(),
        "how many runs; by default 2000, or no limit with --seconds")(
        "seconds", po::value<std::string>(), "how long to go on making runs")(
        "replay", po::value<std::vector<std::string>>()->multitoken(),
        "make the runs of these scripts instead")(
        "exhaustive", "make all runs with at most --depth faults in small worlds instead")(
        "depth", po::value<std::string>(), "1 to 4; by default 2")(
        "verbose", "show what happens in each run (of a replay, or of few runs), and all counts");
    return options;
}

Command read_options(int argc, char const* const* argv, bool& help) {
    po::variables_map values;
    po::store(
        po::command_line_parser(argc, argv)
            .options(describe_options())
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .positional({})
            .run(),
        values);
    help = values.count("help") > 0;
    auto const text = [&](char const* name) { return values[name].as<std::string>(); };
    Command command;
    command.name = argv[0];
    Exploration& exploration = command.exploration;
    exploration.first_seed =
        values.count("seed") > 0 ? parse_seed(text("seed")) : std::uint64_t{std::random_device{}()};
    if (values.count("seconds") > 0) {
        exploration.time = std::chrono::seconds(parse_count("--seconds", text("seconds"), 1000000));
        exploration.runs = ~std::uint64_t{0};
    }
    if (values.count("runs") > 0) {
        exploration.runs = parse_count("--runs", text("runs"), ~std::uint64_t{0});
    }
    if (values.count("replay") > 0) {
        command.replay = values["replay"].as<std::vector<std::string>>();
    }
    command.exhaustive = values.count("exhaustive") > 0;
    if (values.count("depth") > 0) command.depth = parse_count("--depth", text("depth"), 4);
    command.verbose = values.count("verbose") > 0;
    return command;
}

std::string read_file(std::string const& path) {
    std::ifstream in(path);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) throw std::invalid_argument(path + ": cannot be read");
    return text.str();
}

// The script, and what happens in it.
void show_smallest(Sandbox& sandbox, Failure const& failure, std::string const& origin,
                   std::ostream& out) {
    Failure const smallest = shrink(sandbox, failure, shrink_attempts);
    out << "\nThe smallest run that fails like it; save it and --replay it:\n\n";
    print_failure(out, smallest, origin);
    out << "\nWhat happens in it:\n\n";
    static_cast<void>(sandbox.run(smallest.script, &out));
    out << '\n';
}

// Returns whether all was well.
bool report(Sandbox& sandbox, std::optional<Failure> const& failure, Command const& command,
            std::ostream& out) {
    if (!failure) return true;
    std::string const seed = std::to_string(failure->seed);
    out << "FAILED: " << failure->what << " (replay: " << command.name << " --seed " << seed
        << " --runs 1 --verbose)\n"
        << std::flush;
    show_smallest(sandbox, *failure, "found with seed " + seed, out);
    return false;
}

bool replay(Sandbox& sandbox, Command const& command, std::ostream& out) {
    bool all_well = true;
    for (std::string const& path : command.replay) {
        std::string const text = read_file(path);
        Script script;
        try {
            script = parse_script(text);
        } catch (std::invalid_argument const& error) {
            throw std::invalid_argument(path + ": " + error.what());
        }
        auto const failure = sandbox.run(script, command.verbose ? &out : nullptr);
        Script const unused = sandbox.unused();
        all_well = all_well && !failure && unused.empty();
        out << path << ": ";
        if (failure) {
            out << "FAILED: " << failure->what << '\n';
        } else if (!unused.empty()) {
            out << "STALE: nobody asks for " << to_string(unused.front()) << '\n';
        } else {
            out << "passed\n";
        }
    }
    return all_well;
}

bool search_exhaustively(Sandbox& sandbox, Command const& command, std::ostream& out) {
    for (Scope const& scope : small_scopes()) {
        std::uint64_t const before = sandbox.findings().runs;
        auto const failure = search_scope(sandbox, scope, command.depth);
        if (failure) {
            out << "FAILED: " << failure->what << '\n';
            show_smallest(sandbox, *failure, std::string(scope.name), out);
            return false;
        }
        out << scope.name << ": all " << sandbox.findings().runs - before << " runs with at most "
            << command.depth << " faults\n"
            << std::flush;
    }
    return true;
}

bool search(Sandbox& sandbox, Command const& command, std::ostream& out) {
    Exploration const& exploration = command.exploration;
    out << "seed " << exploration.first_seed << '\n' << std::flush;
    constexpr std::uint64_t few = 10;
    if (!command.verbose || exploration.runs > few) {
        return report(sandbox, search_seeds(sandbox, exploration), command, out);
    }
    for (std::uint64_t i = 0; i < exploration.runs; ++i) {
        auto const failure = sandbox.run(exploration.first_seed + i, &out);
        if (failure) return report(sandbox, failure, command, out);
    }
    return true;
}

bool execute(Command const& command, Program const& program, std::ostream& out) {
    auto const start = std::chrono::steady_clock::now();
    Sandbox sandbox(program);
    bool well = false;
    if (!command.replay.empty()) {
        well = replay(sandbox, command, out);
    } else if (command.exhaustive) {
        well = search_exhaustively(sandbox, command, out);
    } else {
        well = search(sandbox, command, out);
    }
    std::chrono::duration<double> const taken = std::chrono::steady_clock::now() - start;
    print_summary(out, sandbox.findings(), taken.count());
    if (command.verbose) print_tables(out, sandbox.findings());
    std::string const illegal = illegal_events(sandbox.findings());
    if (!illegal.empty()) out << "FAILED: these events are impossible: " << illegal << '\n';
    return well && illegal.empty();
}

} // namespace

int run_command(int argc, char const* const* argv, Program const& program, std::ostream& out,
                std::ostream& errors) {
    try {
        bool help = false;
        Command const command = read_options(argc, argv, help);
        if (help) {
            out << "Simulates a server with its kernel and its peers, and looks for runs in which "
                   "it goes wrong.\n\n"
                << describe_options();
            return 0;
        }
        return execute(command, program, out) ? 0 : 1;
    } catch (std::exception const& error) {
        errors << argv[0] << ": " << error.what() << '\n';
        return 2;
    }
}

} // namespace kodama::simulation
