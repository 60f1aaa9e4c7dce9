// What is simulated.
#pragma once

#include <memory>

#include <kodama/core/hooks.hpp>
#include <kodama/simulation/dialogue.hpp>

namespace kodama::simulation {

// A server's sessions, and the protocol that they speak. Both must outlive the simulation; sessions
// must take nothing from outside that is not the same in every run: no clock, no random numbers, no
// global state.
struct Program {
    SessionHooks const* hooks = nullptr; // &session_hooks<S>, &session_hooks<S, Shared>
    Dialogue const* dialogue = nullptr;  // what peers say and have to hear
    // Sessions send exactly what they receive, so the counters of bytes have to balance.
    bool echoes = false;
    // Sessions may answer later than in the hook that has received, so a drain may cut an answer.
    bool answers_later = false;
    // Sessions send whenever there is room, whether or not they were asked: through a window of one
    // byte that would take too long, so windows are no smaller than a run can carry.
    bool generates = false;
    // Sessions open a connection for each that is accepted, and forward what either receives to
    // the other. Whatever address they connect to, an echo server is there.
    bool relays = false;
    // Makes what the sessions share, anew for each run; null: nothing.
    std::shared_ptr<void> (*make_shared)() = nullptr;
};

} // namespace kodama::simulation
