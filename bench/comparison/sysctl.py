"""The congestion control of the whole machine, for as long as a campaign takes."""

import contextlib
import os
import pathlib
import subprocess

PATH = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")

# Waits for the end of its input, which comes when we end, however we end, and restores the value.
GUARD = 'cat >/dev/null; printf "%s\\n" "$1" >"$2"'


def current():
    try:
        return PATH.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


@contextlib.contextmanager
def congestion_control(wanted, say, path=PATH, is_root=None):
    """Yields how it is set: 'machine' or 'client' (then kodama-load has to set it, and what the
    server sends is under the machine's own)."""
    before = path.read_text(encoding="ascii").strip()
    if before == wanted:
        yield "machine"
        return
    root = os.geteuid() == 0 if is_root is None else is_root
    if not root:
        say(f"no root: congestion control stays {before} for what servers send, and is {wanted} "
            "for what clients send")
        yield "client"
        return
    # In a session of its own, so that Ctrl-C does not reach it.
    guard = subprocess.Popen(["sh", "-c", GUARD, "guard", before, str(path)],
                             stdin=subprocess.PIPE, start_new_session=True)
    try:
        path.write_text(wanted + "\n", encoding="ascii")
        say(f"congestion control of this machine: {before} -> {wanted} until the end")
        yield "machine"
    finally:
        guard.stdin.close()
        guard.wait()
        say(f"congestion control of this machine: {path.read_text(encoding='ascii').strip()} again")
