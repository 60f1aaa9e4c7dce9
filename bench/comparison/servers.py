"""Starts a contender for one run and ends it."""

import contextlib
import ctypes
import dataclasses
import os
import re
import select
import signal
import subprocess
import tempfile
import time

from comparison.tools import scrubbed

START_SECONDS = 30
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class ServerFailed(Exception):
    """A server that did not start, or ended when it should not have."""


@dataclasses.dataclass
class Running:
    address: str
    pid: int | None
    account: list  # what kodama-load has to be told to read the server's CPU time
    process: subprocess.Popen | None = None
    exit_code: int | None = None

    def check_alive(self):
        if self.process and self.process.poll() is not None:
            raise ServerFailed(f"the server ended by itself with {self.process.returncode}")


def prepared(cpu):
    """For a child: on its CPU, and gone when we are."""
    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
    return prepare


def environment():
    """Without what would change a server behind our back."""
    return {key: value for key, value in os.environ.items() if key != "KODAMA_DISABLE"}


@contextlib.contextmanager
def running(contender, cpu=None):
    """A fresh process of the contender, or the target that runs already."""
    if contender.kind == "target":
        account = []
        if contender.account in {"pid", "cgroup"}:
            account = [f"--server-{contender.account}", contender.account_of]
        pid = int(contender.account_of) if contender.account == "pid" else None
        yield Running(contender.address, pid, account)
        return
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [str(contender.binary), "--listen", "127.0.0.1:0", *contender.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            env=environment(), start_new_session=True, preexec_fn=prepared(cpu))
        server = Running("", process.pid, ["--server-pid", str(process.pid)], process)
        try:
            server.address = address_of(process, errors)
            yield server
        finally:
            server.exit_code = stop(process)
            process.stdout.close()


def address_of(process, errors):
    """What the server prints once it accepts."""
    deadline = time.monotonic() + START_SECONDS
    said = b""
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], deadline - time.monotonic())[0]:
            piece = os.read(process.stdout.fileno(), 4096)
            said += piece
            if found := re.search(rb"^listening on (\S+:\d+)$", said, re.M):
                return found[1].decode()
            if not piece:
                break
    errors.seek(0)
    reasons = errors.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    raise ServerFailed(f"the server did not start: {scrubbed(reasons[-1])}")


def stop(process):
    """Its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
