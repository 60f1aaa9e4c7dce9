"""Counts instructions with valgrind's callgrind: the same on every load of the machine."""

import collections
import os
import pathlib
import shutil
import subprocess
import tempfile

PATIENCE = 300  # seconds
MARK = "kodama_gate_mark"
NOT_THE_LIBRARY = ("kodama::bench::", "main", "(below main)", MARK)


def missing():
    """Why nothing can be counted here; None when it can."""
    if not shutil.which("valgrind"):
        return "there is no valgrind"
    done = subprocess.run(["valgrind", "--tool=none", "true"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    why = " ".join(done.stderr.split())[-200:]
    return f"valgrind does not run here: {why}" if done.returncode else None


def instructions(program):
    """What the library's own functions cost between the first mark and the second, the third and
    the fourth, and so on: one Counter {function: instructions} for each pair.

    What other objects cost is left out, because the C library copies memory differently on
    different processors; and so is the replayed kernel."""
    program = pathlib.Path(program)
    with tempfile.TemporaryDirectory(prefix="kodama-gates-") as folder:
        # No argument and no variable of ours: neither may move what the program finds in memory.
        subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/part",
             f"--dump-before={MARK}", "--compress-strings=no", "--compress-pos=no", str(program)],
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        parts = sorted(pathlib.Path(folder).glob("part.*"), key=lambda part: int(part.suffix[1:]))
        return [costs_in(part, program) for part in parts[1::2]]


def costs_in(part, program):
    """Adds up one of callgrind's files by function, each without what it calls."""
    costs = collections.Counter()
    ours, function, inclusive = False, None, False
    for line in part.read_text(errors="replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name == "ob":
            ours = os.path.basename(value) == program.name
        elif equals and name == "fn":
            function = value if ours and not value.startswith(NOT_THE_LIBRARY) else None
        elif equals and name == "calls":
            inclusive = True
        elif line[:1].isdigit():
            if function and not inclusive:
                costs[function] += int(line.split()[1])
            inclusive = False
    return costs
