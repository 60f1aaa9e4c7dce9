#!/usr/bin/env python3
"""Stands in for all programs of a build folder, by the name under which it is started: for tests
of bench/compare itself, which need neither time nor a quiet machine.

KODAMA_FAKE is JSON, {name of a server's program: [fault, how many times]}; faults are
retransmits, payload, error and steal. The counts are kept in a file beside the programs."""

import os
import sys

FOLDERS = {"kodama": "app", "kodama-load": "bench/load", "kodama-conform": "bench/conform",
           "echo-epoll": "bench/peers", "echo-blocking": "bench/peers"}
NANOSECONDS = {"kodama": 4000, "echo-epoll": 5000, "echo-blocking": 6000}


# Each program imports what it needs and no more: there are hundreds of them in a test.


def make_build_folder(folder):
    import pathlib
    for name, inside in FOLDERS.items():
        place = pathlib.Path(folder) / inside
        place.mkdir(parents=True, exist_ok=True)
        _, _, code = pathlib.Path(__file__).read_text(encoding="utf-8").partition("\n")
        # Isolated, and without looking for packages: that starts fastest.
        (place / name).write_text(f"#!{sys.executable} -IS\n{code}", encoding="utf-8")
        (place / name).chmod(0o755)
    return str(folder)


def serve():
    import selectors
    import signal
    import socket
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    selector.register(listener, selectors.EVENT_READ)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(65536)
            if data:
                key.fileobj.sendall(data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()


def program_of(pid):
    """Which of our fakes the server is."""
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        words = file.read().split("\0")
    return next(name for name in map(os.path.basename, words) if name in NANOSECONDS)


def fault_of(name):
    """The fault that this run has to show, which uses it up."""
    import json
    fault, times = json.loads(os.environ.get("KODAMA_FAKE", "{}")).get(name, (None, 0))
    counter = os.path.join(os.path.dirname(sys.argv[0]), f"faults-of-{name}")
    used = os.path.getsize(counter) if os.path.exists(counter) else 0
    if used >= times:
        return None
    with open(counter, "a", encoding="utf-8") as file:
        file.write(".")
    return fault


def load(arguments):
    import json
    options = dict(zip(arguments[1::2], arguments[2::2]))
    name = program_of(options["--server-pid"])
    fault, cost, rate = fault_of(name), NANOSECONDS[name], options.get("--rate")
    errors = dict.fromkeys("refused reset ended_early wrong_byte timed_out other".split(), 0)
    errors["wrong_byte"] = 3 if fault == "payload" else 0
    errors["reset"] = 2 if fault == "error" else 0
    per_second = float(rate) if rate else 1e9 / cost
    report = {
        "program": "kodama-load", "version": "0.1.0", "target": arguments[0],
        "settings": {"mode": "open" if rate else "closed", "connections": 1}, "window_s": 1.0,
        "echoes": int(per_second), "bytes": 64 * int(per_second), "connections_made": 0,
        "echoes_per_s": per_second, "bytes_per_s": 64 * per_second, "connections_per_s": 0.0,
        "latency_us": {"count": 1000, "mean": cost / 50, "p50": cost / 50, "p90": cost / 40,
                       "p99": cost / 20, "p99_9": cost / 10, "p99_99": cost / 9, "max": cost / 8},
        "latency_histogram_us": [[cost / 50, 900], [cost / 20, 100]],
        "send_lag_us": None, "kept_up": True if rate else None, "errors": errors,
        "cpu": {"client_s": 0.5, "client_share": 0.5, "client_ns_per_echo": 3000.0,
                "server_s": 0.9, "server_ns_per_echo": float(cost), "machine_s": 1.4,
                "machine_ns_per_echo": cost + 3000.0, "busy_share_per_cpu": [0.5, 0.9],
                "steal_s": 0.05 if fault == "steal" else 0.0, "source": "cpuacct"},
        "tcp": {"retransmits": 4 if fault == "retransmits" else 0}, "client_bound": False,
        "remarks": []}
    print(json.dumps(report))
    return 1 if fault in {"payload", "error"} else 0


def conform():
    print("ok one-byte\nok half-close\nskipped ipv6: no such address here\n3 passed")
    return 0


def main():
    name = os.path.basename(sys.argv[0])
    if "--version" in sys.argv:
        print(f"{name} 0.1.0")
        return 0
    if "--help" in sys.argv:
        print("FEATURE is one of defer-taskrun,\n  no-iowait.\n")
        return 0
    if name == "kodama-load":
        return load(sys.argv[1:])
    return conform() if name == "kodama-conform" else serve()


if __name__ == "__main__":
    sys.exit(main())
