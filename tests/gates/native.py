"""What the real server asks of the real kernel for an echo, where that is always the same: with one
connection whose client waits for each answer."""

import json
import os
import select
import signal
import socket
import subprocess
import time

PATIENCE = 60  # seconds until something counts as never; nothing waits that long that goes well
LATE = 20  # seconds until a completion counts as never coming
UNKNOWN = 1  # seconds until there is surely no further one, on a machine that does nothing else
ECHOES = 500
MESSAGE = bytes(range(64))


class Unsuitable(Exception):
    """It cannot be counted here; the message says why."""


class Server:
    def __init__(self, program):
        environment = {name: value for name, value in os.environ.items()
                       if name != "KODAMA_DISABLE"}
        self.process = subprocess.Popen(
            [program, "--listen", "127.0.0.1:0", "--workers", "1"], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.unread = {self.process.stdout: b"", self.process.stderr: b""}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self, stream):
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.unread[stream]:
            ready, _, _ = select.select([stream], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise RuntimeError(f"{self.process.args[0]} says nothing")
            read = os.read(stream.fileno(), 65536)
            if not read:
                text = self.unread[self.process.stderr].decode(errors="replace")
                raise Unsuitable(f"the server does not run here: {text.strip()}")
            self.unread[stream] += read
        line, self.unread[stream] = self.unread[stream].split(b"\n", 1)
        return line.decode(errors="replace")

    def port(self):
        self.told = self.line(self.process.stderr)
        return int(self.line(self.process.stdout).rpartition(":")[2])

    def counters(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.line(self.process.stderr))

    def counters_after(self, completions):
        """Once it has seen so many completions: those of the last send come behind its echo. Where
        it is not known how many, after a while."""
        end = time.monotonic() + (UNKNOWN if completions is None else LATE)
        while True:
            counters = self.counters()
            seen = completions is not None and counters["completions"] >= completions
            if seen or time.monotonic() > end:
                return counters
            time.sleep(0.01)


def echo(client, times):
    for _ in range(times):
        client.sendall(MESSAGE)
        received = b""
        while len(received) < len(MESSAGE):
            piece = client.recv(len(MESSAGE) - len(received))
            if not piece:
                raise RuntimeError("the server closed the connection")
            received += piece
        if received != MESSAGE:
            raise RuntimeError("what came back is not what was sent")


def counts(program, completions_expected):
    """What as many echoes took: {counter: how much it grew}. `completions_expected` an echo are
    waited for; None when that is not known."""
    def later(completions, echoes):
        return completions_expected and completions + echoes * completions_expected

    with Server(program) as server:
        port = server.port()
        if not server.told.endswith("not used: none"):
            raise Unsuitable(f"the kernel lacks something: {server.told}")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            warm_up = 10
            echo(client, warm_up)
            # One for the connection.
            before = server.counters_after(later(1, warm_up))
            echo(client, ECHOES)
            after = server.counters_after(later(before["completions"], ECHOES))
    return {name: after[name] - before[name] for name in
            ("turns", "completions", "receives", "sends", "receives_armed", "cancels")}
