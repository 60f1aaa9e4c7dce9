// The proxy on a simulated kernel, between clients and upstream servers that misbehave:
// `simulate-proxy --seconds 60`.
#include <iostream>

#include <kodama/simulation/command.hpp>

#include "proxy_program.hpp"

int main(int argc, char** argv) {
    return kodama::simulation::run_command(argc, argv, examples::proxy_program(), std::cout,
                                           std::cerr);
}
