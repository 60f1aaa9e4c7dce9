"""What is measured once for each contender, outside of all timing: system calls an echo, and the
memory of idle connections."""

import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from comparison.load import load_command
from comparison.servers import ServerFailed, environment, prepared, running

ECHOES = 20_000  # and six times as many: the difference leaves out start and end
IDLE_SECONDS = 1.0
CONNECT_SECONDS = 30
CONNECTIONS_OF_ONE_ADDRESS = 15_000
CONNECTIONS_BEFORE = 200


def perf_works():
    if shutil.which("perf") is None:
        return False
    command = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def syscalls_per_echo(contender, cell, binary, cpus):
    """{value, how} or {value: None, how: why not}"""
    if contender.in_kernel and contender.kind == "target":
        return {"value": None, "how": "it is in the kernel, no process to look at"}
    if perf_works():
        count, how = counted_by_perf, "perf, raw_syscalls:sys_enter"
    elif shutil.which("strace"):
        count, how = counted_by_strace, "strace -f -c"
    else:
        return {"value": None, "how": "neither perf nor strace works here"}
    try:
        with running(contender, cpus.server) as server:
            if server.pid is None:
                return {"value": None, "how": "no pid is known"}
            counts = [count(server, cell, binary, echoes) for echoes in (ECHOES, 6 * ECHOES)]
    except (ServerFailed, subprocess.SubprocessError, OSError, ValueError) as failure:
        return {"value": None, "how": f"failed: {type(failure).__name__}"}
    return {"value": (counts[1] - counts[0]) / (5 * ECHOES), "how": how}


def counting_load(server, cell, binary, echoes):
    return load_command(binary, server.address, cell.load_arguments() + ["--count", str(echoes)])


def counted_by_perf(server, cell, binary, echoes):
    with tempfile.NamedTemporaryFile() as output:
        command = ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", output.name,
                   "-p", str(server.pid), "--", *counting_load(server, cell, binary, echoes)]
        subprocess.run(command, capture_output=True, timeout=60, check=True, env=environment())
        found = re.search(r"^(\d+),", output.read().decode(), re.M)
    if not found:
        raise ValueError("perf counted nothing")
    return int(found[1])


def counted_by_strace(server, cell, binary, echoes):
    with tempfile.NamedTemporaryFile() as output:
        tracer = subprocess.Popen(["strace", "-f", "-c", "-q", "-o", output.name,
                                   "-p", str(server.pid)], stderr=subprocess.DEVNULL,
                                  start_new_session=True, preexec_fn=prepared(None))
        time.sleep(0.3)
        try:
            subprocess.run(counting_load(server, cell, binary, echoes), capture_output=True,
                           timeout=120, check=True, env=environment())
        finally:
            tracer.send_signal(2)
            tracer.wait(10)
        found = re.findall(r"^\s*100\.00.*?(\d+)(?:\s+\d+)?\s+total$", output.read().decode(), re.M)
    if not found:
        raise ValueError("strace counted nothing")
    return int(found[-1])


def idle_memory(contender, cell, cpus):
    """Bytes a connection of `cell.connections` that each had one echo and say nothing more.

    Some others are there before, for what a server touches for the first of its connections
    (receive buffers, pages of its allocator) is not what each of them takes."""
    many = cell.connections
    try:
        with running(contender, cpus.server) as server:
            with contextlib.ExitStack() as stack:
                connect_all(server.address, CONNECTIONS_BEFORE, stack)
                time.sleep(0.3)
                before = snapshot(server.pid)
                started = time.monotonic()
                connect_all(server.address, many, stack)
                opened = time.monotonic() - started
                time.sleep(0.3)  # until what follows from it has been done
                after = snapshot(server.pid)
                time.sleep(IDLE_SECONDS)
                switches = snapshot(server.pid)["switches"]
                server.check_alive()
    except (ServerFailed, OSError) as failure:
        return {"connections": many, "failed": str(failure)}
    result = {"connections": many, "connections_before": CONNECTIONS_BEFORE,
              "open_s": round(opened, 3)}
    for key in ("rss", "pss"):
        if after[key] is not None:
            result[f"{key}_bytes"] = after[key]
            result[f"{key}_bytes_before"] = before[key]
            result[f"{key}_bytes_a_connection"] = (after[key] - before[key]) / many
    # Both ends of each connection are here, so this is an upper bound, and the same for all.
    result["kernel_bytes_a_connection"] = (after["kernel"] - before["kernel"]) / many
    if switches is not None:
        result["wakeups_a_second"] = (switches - after["switches"]) / IDLE_SECONDS
    return result


def connect_all(address, many, stack):
    """Opens them, and waits for an echo on each, so that the server has really taken it."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    host = host.strip("[]")
    opened = []
    for number in range(many):
        one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        one.settimeout(CONNECT_SECONDS)
        if host.startswith("127."):
            one.bind((f"127.0.0.{2 + number // CONNECTIONS_OF_ONE_ADDRESS}", 0))
        one.connect((host, int(port)))
        one.sendall(b"e")
        opened.append(one)
    for one in opened:
        if one.recv(1) != b"e":
            raise OSError("a connection brought no echo")


def snapshot(pid):
    """Bytes of the server's memory and of the kernel's, and how often the server has slept."""
    result = {"rss": None, "pss": None, "switches": None, "kernel": kernel_bytes()}
    if pid is None:
        return result
    process = pathlib.Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        text = (process / "smaps_rollup").read_text(encoding="ascii")
        for name in ("rss", "pss"):
            result[name] = 1024 * int(re.search(rf"^{name.title()}:\s+(\d+)", text, re.M)[1])
    with contextlib.suppress(OSError):
        found = [re.search(r"^voluntary_ctxt_switches:\s+(\d+)", task.read_text(), re.M)
                 for task in process.glob("task/*/status")]
        result["switches"] = sum(int(one[1]) for one in found)
    return result


def kernel_bytes():
    """Slab, stacks and page tables of the whole machine, and the memory of its sockets."""
    meminfo = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    total = sum(1024 * int(re.search(rf"^{name}:\s+(\d+)", meminfo, re.M)[1])
                for name in ("Slab", "KernelStack", "PageTables"))
    sockets = pathlib.Path("/proc/net/sockstat").read_text(encoding="ascii")
    return total + 4096 * int(re.search(r"^TCP:.* mem (\d+)", sockets, re.M)[1])
