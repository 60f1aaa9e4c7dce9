#!/usr/bin/env python3
"""Adds up what the phases of tests/run left in their folders: `tests/count.py FOLDER...`.

A folder holds files `NAME.cases` with a line for each test case (result, name and reason, with tabs
between them), and where Meson ran the tests its log, `meson.json`: there a test whose executable
left no such file counts as one, and one that ended badly although no case of it failed (a crash, a
sanitizer, a timeout) as one more failure. Lists what failed or skipped; the totals come last."""

import json
import pathlib
import sys

MESON_RESULTS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def cases_in(folder):
    """(result, name, reason) of each test case."""
    written = {}
    for path in sorted(folder.glob("*.cases")):
        lines = path.read_text(errors="replace").splitlines()
        written[path.stem] = [tuple((line + "\t\t").split("\t")[:3]) for line in lines]
    log = folder / "meson.json"
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        result = MESON_RESULTS.get(test["result"], "failed")
        cases = written.get(pathlib.Path(test["command"][0]).name)
        ended = f"{test['result']}, exit code {test['returncode']}" if result == "failed" else ""
        if cases is None or (ended and all(case[0] != "failed" for case in cases)):
            yield result, test["name"], ended
    for cases in written.values():
        yield from cases


def main():
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    for folder in map(pathlib.Path, sys.argv[1:]):
        for result, name, reason in cases_in(folder):
            totals[result] += 1
            if result != "passed":
                print(f"{result}: {folder.name}: {name}" + (f": {reason}" if reason else ""))
    print(", ".join(f"{count} {result}" for result, count in totals.items()))
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
