"""How it is measured, in the report's words."""

METHOD = [
    "A block is one short run of every server in a cell, in random order; blocks of all cells are "
    "interleaved. Ratios are taken within blocks, so what drifts slowly cancels out.",
    "The noise floor of a cell is how far the interval of the A/A control (the same binary as two "
    "servers) reaches from 1, and at least the median of that over all cells.",
    "The rule, fixed in advance: ahead or behind only if the whole interval lies beyond 1 by more "
    "than the noise floor and by more than 1 %; else no difference is shown, which does not mean "
    "that there is none.",
    "A block is discarded whole, never one run of it, when more than 0.5 % of the CPU time was "
    "stolen by the hypervisor (and more than one tick of 10 ms), a segment was retransmitted (in "
    "bulk cells, of 64 KiB and more at once, TCP does that for every server: there it is no "
    "reason), anything went wrong on a connection, or the load generator did not keep up with its "
    "own schedule. It is repeated up to twice. A server that spoils three blocks in a row, kodama "
    "none of them, is taken out of the cell, and told; a cell of which six blocks in a row were "
    "all discarded before one was valid, is given up.",
    "A wrong byte disqualifies a server. Every server passes the correctness gate "
    "(`kodama-conform`) first, or is not ranked.",
    "Server CPU is the CPU time of the server's process. On loopback a sender also pays for the "
    "receiver's share of the kernel's work, equally for all servers in user space; it has no "
    "meaning for servers in the kernel, so those are compared by the whole machine's CPU time, "
    "client included.",
]
