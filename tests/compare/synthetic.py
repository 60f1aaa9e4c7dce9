"""Makes up the results of a campaign, as like real ones as a test needs: for tests, and to look at
reports. `python3 synthetic.py FOLDER [SET]` writes results.jsonl and machine.json."""

import json
import math
import pathlib
import random
import sys

import path  # noqa: F401 -- finds the modules of bench/

from comparison import cells as matrix
from comparison.campaign import SYSCALL_CELLS
from comparison.contenders import PEERS
from comparison.plan import Plan

# Nanoseconds of the server's CPU an echo of 64 bytes on 50 connections, and what a byte adds.
COSTS = {"kodama": (4100, 0.20), "kodama-again": (4100, 0.20), "epoll": (4750, 0.21),
         "blocking": (5600, 0.22), "io-uring": (5300, 0.30), "asio": (6400, 0.24),
         "sockmap": (3900, 0.26)}
CLIENT_COST = 5200
SAMPLES = 800  # that stand for all latencies of a run


def size_of(cell):
    sizes = [int(size.replace("K", "000").replace("M", "000000")) for size in cell.size.split(",")]
    return sum(sizes) / len(sizes)


def server_cost(name, cell, noise):
    base, byte = COSTS[name]
    cost = base * (1.35 if cell.connections == 1 else 1 + 0.02 * math.log2(cell.connections))
    if cell.kind == "depth":
        cost /= 1.6
    if cell.kind == "churn":
        cost *= 7
    if cell.kind == "stream" and name.startswith("kodama"):
        byte *= 1.35
    return (cost + byte * size_of(cell)) * math.exp(noise)


def histogram_around(middle, count, generator):
    buckets = {}
    for _ in range(SAMPLES):
        slow = 8 if generator.random() < 0.004 else 1
        value = middle * slow * math.exp(generator.gauss(0, 0.35))
        edge = round(1.04 ** math.ceil(math.log(value, 1.04)), 1)
        buckets[edge] = buckets.get(edge, 0) + count // SAMPLES
    return sorted(buckets.items())


def report_of(name, cell, window, generator, rate):
    noise = generator.gauss(0, 0.012)
    server, client = server_cost(name, cell, noise), CLIENT_COST + 0.2 * size_of(cell)
    per_second = rate or 1e9 / max(server, client) * math.exp(generator.gauss(0, 0.01))
    echoes = int(per_second * window)
    errors = dict.fromkeys("refused reset ended_early wrong_byte timed_out other".split(), 0)
    report = {
        "version": "0.1.0", "settings": {"mode": "open" if rate else "closed"},
        "window_s": window, "echoes": echoes, "bytes": int(echoes * size_of(cell)),
        "connections_made": 0, "echoes_per_s": per_second,
        "bytes_per_s": per_second * size_of(cell), "connections_per_s": 0.0, "kept_up": None,
        "errors": errors,
        "cpu": {"client_s": 0.8, "client_share": min(1.0, client * per_second / 1e9),
                "client_ns_per_echo": client, "server_s": 0.7,
                "server_ns_per_echo": None if name == "sockmap" else server,
                "machine_s": 1.5, "machine_ns_per_echo": server + client,
                "busy_share_per_cpu": [min(1.0, client * per_second / 1e9),
                                       min(1.0, server * per_second / 1e9)],
                "steal_s": 0.0, "source": "cpuacct"},
        "tcp": {"retransmits": 0}, "client_bound": client > server, "remarks": []}
    if rate:
        middle = 18 + server / 400 / (1.02 - min(0.95, server * rate / 1e9))
        buckets = histogram_around(middle, echoes, generator)
        report |= {"kept_up": True, "latency_histogram_us": buckets,
                   "latency_us": {"count": echoes, "mean": middle, "p50": middle,
                                  "p90": 1.5 * middle, "p99": 2.2 * middle * math.exp(noise),
                                  "p99_9": 7 * middle, "p99_99": 9 * middle, "max": 12 * middle}}
    return report


def conformance(name, failing):
    failed = [["half-close", "the echo of 64 KiB sent before FIN ended after 16384 bytes"]] \
        if name in failing else []
    return {"record": "conformance", "contender": name, "passed": 14 - len(failed),
            "failed": failed, "skipped": [], "conforms": not failed, "said": ""}


def timed_records(plan, cell, generator):
    names = list(plan.contenders)
    rate = 190_000 * cell.percent / 100 if cell.open_loop else None
    note = f"{cell.percent} % of 190,000 a second (epoll)" if rate else None
    yield {"record": "pilot", "cell": cell.name, "rate": rate, "note": note}
    for block in range(1, plan.timing.blocks + 1):
        for name in names:
            yield {"record": "run", "cell": cell.name, "block": block, "attempt": 1,
                   "contender": name, "exit": 0, "said": "", "server_exit": 0, "faults": [],
                   "load": report_of(name, cell, plan.timing.window, generator, rate)}
        if generator.random() < 0.02:
            yield {"record": "block", "cell": cell.name, "block": block, "attempt": 1,
                   "valid": False, "why": [["epoll", "retransmits", "2 retransmits"]]}
        else:
            yield {"record": "block", "cell": cell.name, "block": block, "attempt": 1,
                   "valid": True, "why": []}


def extra_records(plan, generator):
    calls = dict(zip(COSTS, (0.11, 0.11, 2.06, 2.0, 2.9, 3.4, 0.0)))
    memory = dict(zip(COSTS, (210, 210, 150, 9800, 4300, 1100, 90)))
    for name in plan.contenders:
        for cell in plan.once_cells:
            yield {"record": "extra", "what": "memory", "cell": cell.name, "contender": name,
                   "connections": cell.connections, "open_s": 0.1,
                   "rss_bytes_a_connection": memory[name] * 1.2,
                   "pss_bytes_a_connection": memory[name], "rss_bytes": 5_000_000,
                   "kernel_bytes_a_connection": 6800 + generator.randrange(400)
                   + (17_000 if name == "blocking" else 0), "wakeups_a_second": 0.0}
        for cell in plan.timed_cells:
            if cell.name in SYSCALL_CELLS:
                divisor = 8 if cell.kind == "depth" else 1
                yield {"record": "extra", "what": "syscalls", "cell": cell.name,
                       "contender": name, "value": calls[name] / divisor, "how": "perf"}


def records(set_name="core", blocks=12, contenders=tuple(COSTS), failing=("io-uring",), cells=None):
    names = cells or {"quick": matrix.QUICK, "core": matrix.CORE, "full": matrix.full()}[set_name]
    timing = matrix.Timing(0.25, 0.85, blocks)
    plan = Plan(set_name, tuple(matrix.cells_named(names)), contenders, (), timing, 1, "reno")
    generator = random.Random(7)
    described = [{"name": name, "kind": "peer" if name in PEERS else "kodama",
                  "description": PEERS.get(name, "kodama as it is"), "arguments": "",
                  "in_kernel": name == "sockmap"} for name in contenders]
    made = [{**plan.record(), "absent": {"splice": "was not built here"}, "described": described}]
    made += [conformance(name, failing) for name in contenders]
    for cell in plan.timed_cells:
        made += timed_records(plan, cell, generator)
    made += extra_records(plan, generator)
    return made + [{"record": "end"}]


CARD = {"date": "2026-01-31 12:00 UTC", "git": {"hash": "0123456789", "dirty": False},
        "kernel": "6.18.44", "architecture": "x86_64", "distribution": "Debian GNU/Linux 12",
        "cpu": {"model": "A Processor", "cores_usable": 2, "cores": 2, "virtual_machine": True,
                "caches": {"L2 unified": "1024K"}},
        "memory_kib": 8000000, "clocksource": "kvm-clock",
        "pinning": "server on CPU 1, client on CPU 0",
        "congestion": {"name": "reno", "set_for": "machine"}, "boot_options": [],
        "mitigations": {"spectre_v2": "Mitigation: Retpolines"}, "not_affected_by": ["meltdown"],
        "sysctls": {"net.core.somaxconn": "4096"}, "limits": {"nofile": [1024, 20000]},
        "getppid_ns": 80.0, "compiler": "c++ (Debian 12.2.0-14) 12.2.0",
        "build": {"buildtype": "release"}, "versions": {"kodama": "kodama 0.1.0"}}


def write(folder, made, card=None):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record) + "\n" for record in made)
    (folder / "results.jsonl").write_text(text, encoding="utf-8")
    (folder / "machine.json").write_text(json.dumps(card or CARD, indent=2), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1], records(*sys.argv[2:3]))
