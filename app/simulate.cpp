// The echo server on a simulated kernel.
#include <iostream>

#include <app/echo.hpp>
#include <kodama/server/session.hpp>
#include <kodama/simulation/command.hpp>

int main(int argc, char** argv) {
    kodama::simulation::Dialogue const echo;
    kodama::simulation::Program const program{
        .hooks = &kodama::session_hooks<app::Echo>, .dialogue = &echo, .echoes = true};
    return kodama::simulation::run_command(argc, argv, program, std::cout, std::cerr);
}
