#include <kodama/simulation/script.hpp>

#include <stdexcept>
#include <utility>

#include <support/catch.hpp>

using namespace kodama::simulation;

namespace {

// What parse_script() says about it.
std::string complaint_about(std::string const& text) {
    try {
        static_cast<void>(parse_script(text));
    } catch (std::invalid_argument const& error) {
        return error.what();
    }
    return "nothing";
}

} // namespace

TEST_CASE("A decision is written as what it is about, its name, its index and its value") {
    CHECK(to_string(Decision{Choice::send_cut, 2, 0, 3}) == "peer 2 send_cut[0] = 3");
    CHECK(to_string(Decision{Choice::slots, whole_run, 0, 1}) == "run slots[0] = 1");
}

TEST_CASE("Each kind of decision has a name of its own, by which it is found") {
    for (std::size_t i = 0; i < choice_count; ++i) {
        auto const choice = static_cast<Choice>(i);
        INFO(name_of(choice));
        CHECK(!name_of(choice).empty());
        CHECK(choice_named(name_of(choice)) == choice);
    }
    CHECK(!choice_named(""));
    CHECK(!choice_named("send_cut "));
}

TEST_CASE("A script that was written is read as the same script") {
    Script script;
    for (std::size_t i = 0; i < choice_count; ++i) {
        auto const number = static_cast<std::uint32_t>(i);
        script.push_back({static_cast<Choice>(i), static_cast<Subject>(i % subjects_max),
                          number * number, ~number});
    }
    std::string const text = to_string(script, "what it is about\n\nin two paragraphs");
    CHECK(text.substr(0, text.find("run")) == "# what it is about\n# \n# in two paragraphs\n");
    CHECK(parse_script(text) == script);
    CHECK(to_string(parse_script(text), "") == to_string(script, ""));
}

TEST_CASE("Comments, empty lines and the spaces of a script do not count") {
    Script const script = parse_script("# a comment\n"
                                       "\n"
                                       " \t\r\n"
                                       "#run slots[0] = 1\n"
                                       "  peer 3   piece[4]=5  \r\n"
                                       "run peers[0] = 1"); // no line break
    CHECK(script == Script{{Choice::piece, 3, 4, 5}, {Choice::peers, whole_run, 0, 1}});
    CHECK(parse_script("").empty());
}

TEST_CASE("A line that is no decision is refused with its number") {
    for (char const* const line :
         {"send_cut[0] = 3",            // about whom?
          "nobody send_cut[0] = 3",     //
          "peer send_cut[0] = 3",       //
          "peer 0 send_cut[0] = 3",     // peers are numbered from 1
          "peer -1 send_cut[0] = 3",    //
          "peer 64 send_cut[0] = 3",    // and there are not that many
          "peer 65537 send_cut[0] = 3", //
          "run",
          "peer 1",                             //
          "peer 1 send_cuts[0] = 3",            // no such kind
          "peer 1 send_cut = 3",                // no index
          "peer 1 send_cut[] = 3",              //
          "peer 1 send_cut[0 = 3",              //
          "peer 1 send_cut[0) = 3",             //
          "peer 1 send_cut[0]",                 // no value
          "peer 1 send_cut[0] =",               //
          "peer 1 send_cut[0] : 3",             //
          "peer 1 send_cut[0] = three",         //
          "peer 1 send_cut[0] = 4294967296",    // more than 32 bits
          "peer 1 send_cut[4294967296] = 3",    //
          "peer 1 send_cut[0] = -1",            //
          "peer 1 send_cut[-1] = 3",            //
          "peer 1 send_cut[0] = 3 bytes",       // and what is that?
          "peer 1 send_cut[0] = 3 # a comment", // comments have lines of their own
          "peer 1 send_cut[0] = 3.5"}) {
        INFO(line);
        std::string const text = "# first\nrun peers[0] = 1\n" + std::string(line) + "\n";
        CHECK(complaint_about(text) == "line 3: \"" + std::string(line) +
                                           "\" is no decision; \"peer 2 send_cut[0] = 3\" is one");
    }
}
