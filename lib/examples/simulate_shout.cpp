// Simulates a server of your own. `simulate-shout --seconds 60` finds nothing wrong;
// `simulate-shout forgetful` finds, within a second, what is wrong with the other one.
#include <iostream>
#include <string_view>

#include <kodama/simulation/command.hpp>

#include "shout.hpp"
#include "shout_dialogue.hpp"

int main(int argc, char** argv) {
    bool const forgetful = argc > 1 && std::string_view(argv[1]) == "forgetful";
    if (forgetful) {
        argv[1] = argv[0];
        --argc;
        ++argv;
    }
    examples::ShoutDialogue const dialogue;
    kodama::simulation::Program const program{
        .hooks = forgetful ? &kodama::session_hooks<examples::ForgetfulShout>
                           : &kodama::session_hooks<examples::Shout>,
        .dialogue = &dialogue,
        .echoes = true}; // as many bytes as it receives
    return kodama::simulation::run_command(argc, argv, program, std::cout, std::cerr);
}
