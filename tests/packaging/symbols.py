#!/usr/bin/env python3
"""Compares what the shared libraries export with symbols.txt: `symbols.py [--update] LIBRARY...`.

Only what their own code defines, which no compiler or optimiser decides: not what templates and
inline functions leave behind. abidw would tell the types too, but what it wrote was 2.9 MB for this
library, most of it the C++ standard library's, and changes with the compiler."""

import argparse
import pathlib
import shutil
import subprocess
import sys

RECORD = pathlib.Path(__file__).with_name("symbols.txt")
ADVICE = ("Lost symbols break who is linked with the library. If that is meant, raise the\n"
          "version; then, or for what is new, run tests/packaging/symbols.py --update\n"
          "LIBRARY... and commit symbols.txt. What nobody should use needs no KODAMA_EXPORT.")


def exported(library):
    done = subprocess.run(["nm", "-DC", "--defined-only", library], capture_output=True, text=True,
                          check=True)
    lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
    return {name for _, kind, name in lines if kind in "TDRB"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("libraries", nargs="+", metavar="LIBRARY")
    arguments = parser.parse_args()
    if not shutil.which("nm"):
        print("SKIP: there is no nm")
        return 77
    found = set().union(*map(exported, arguments.libraries))
    if arguments.update:
        RECORD.write_text("".join(f"{name}\n" for name in sorted(found)))
        return 0
    recorded = set(RECORD.read_text().splitlines())
    for name in sorted(recorded - found):
        print("lost:", name)
    for name in sorted(found - recorded):
        print("new:", name)
    if found != recorded:
        print(ADVICE)
    return 0 if found == recorded else 1


if __name__ == "__main__":
    sys.exit(main())
