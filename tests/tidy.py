#!/usr/bin/env python3
"""Checks on the text of the sources. `tests/tidy.py [--check NAME]... [--list]`: runs all checks or
those named, prints `path:line: what` for each finding and exits 1 if there was one.

`standalone` compiles with $CXX and $CXXFLAGS (default: c++)."""

import argparse
import concurrent.futures
import errno
import os
import re
import shlex
import shutil
import subprocess
import sys

from source_text import ROOT, function_lengths, library, sources

COLUMNS_MAX = 100
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
LONG_FILES = {}  # path: lines allowed, with the reason beside it
LINES_PER_ASSERTION_MAX = 25  # lines of code in core/*.cpp; the aim is two a function
SKIPPED = 77

# Which folders of lib/kodama a folder may include beside its own; '' is kodama.hpp.
LAYERS = {
    "base": set(),
    "ring": {"base"},
    "net": {"base"},
    "core": {"base", "ring"},
    "protocol": {"base", "ring", "core"},
    "server": {"base", "ring", "net", "core", "protocol"},
    "simulation": {"base", "ring", "core"},
    "": {"base", "ring", "net", "core", "protocol", "server"},
}
BACK_ENDS = {"ring/kernel_ring.hpp", "ring/epoll_ring.hpp"}
MAY_THROW = {"base", "ring", "net", "server", "simulation"}
SQE_FIELDS = ("opcode|ioprio|user_data|buf_group|buf_index|file_index|addr[23]|splice_fd_in"
              "|(msg|accept|cancel|timeout|open|rw)_flags")
CHECKS = {}


class Skipped(Exception):
    """The check cannot run here; the message says why."""


PUBLIC = ["kodama.hpp", "simulation/command.hpp", "simulation/explore.hpp"]


def public_headers():
    """What users include, directly or through others, as names below lib/kodama."""
    by_name = {one.name: one for one in library()}
    reached, waiting = set(), list(PUBLIC)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in by_name:
            continue
        reached.add(name)
        waiting += [included.removeprefix("kodama/") for _, _, included in by_name[name].includes()
                    if included.startswith("kodama/")]
    return [by_name[name] for name in sorted(reached)]


def check(function):
    CHECKS[function.__name__.rstrip("_")] = function
    return function


@check
def layers():
    for one in library():
        allowed = LAYERS.get(one.layer.split("/")[0], set()) | {one.layer.split("/")[0]}
        for number, mark, name in one.includes():
            inner = name.removeprefix("kodama/")
            folder = inner.split("/")[0] if "/" in inner else ""
            if mark == '"':
                yield one.path, number, f'"{name}": the library includes itself as <kodama/...>'
            elif name.startswith("kodama/") and folder not in allowed:
                yield one.path, number, f"{one.layer or 'kodama.hpp'} must not include {inner}"
            elif inner in BACK_ENDS and one.layer in {"core", "protocol"}:
                yield one.path, number, f"{one.layer} must not know the back end {inner}"


@check
def liburing():
    public = public_headers()
    for one in library():
        for number, _, name in one.includes():
            if name.startswith("liburing") or name == "linux/io_uring.h":
                if one.layer != "ring":
                    yield one.path, number, f"<{name}> belongs in ring/ alone"
                if one in public:
                    yield one.path, number, f"a public header must not include <{name}>"
            elif one in public and name in {"kodama/ring/ring.hpp", "iostream"}:
                yield one.path, number, f"a public header must not include <{name}>"


@check
def installed():
    """lib/meson.build builds every source and installs the public headers, no more."""
    path = "lib/meson.build"
    listed = set(re.findall(r"'kodama/([\w/]+\.[ch]pp)'", (ROOT / path).read_text()))
    wanted = {one.name for one in public_headers()}
    wanted |= {one.name for one in library() if one.suffix == ".cpp"}
    for name in sorted(wanted - listed):
        yield path, 1, f"kodama/{name} is missing"
    for name in sorted(listed - wanted):
        yield path, 1, f"kodama/{name} does not exist or is not public"


@check
def sqe():
    field = rf"\b\w*sqe(->|\.)\w+\s*\|?=(?!=)|\w(->|\.)({SQE_FIELDS})\s*\|?=(?!=)"
    for one in library("core", "net", "protocol", "server"):
        if one.name != "core/requests.cpp":
            for number, text in one.find(field):
                yield one.path, number, f"'{text}': core/requests.cpp writes submission entries"


@check
def errno_():
    names = sorted((name for name in dir(errno) if name.startswith("E")), key=len, reverse=True)
    for one in library("core", "protocol"):
        if one.name != "core/outcome.cpp":
            for number, name in one.find(rf"\b({'|'.join(names)})\b"):
                yield one.path, number, f"{name}: core/outcome.cpp says what errors mean"


@check
def throw():
    for one in library():
        if one.layer.split("/")[0] not in MAY_THROW:
            for number, _ in one.find(r"\bthrow\b"):
                yield one.path, number, f"throw: only in {', '.join(sorted(MAY_THROW))}"


@check
def switch():
    """One switch dispatches completions."""
    switches = [(one.path, number) for one in library()
                for number, _ in one.find(r"\bcase Operation::accept\b")]
    declared = [(one.path, number) for one in library()
                for number, _ in one.find(r"\benum class Operation\b")]
    if declared and not switches:
        yield *declared[0], "no switch has a case Operation::accept"
    for path, number in switches[1:]:
        yield path, number, f"a second switch over operations, beside {switches[0][0]}"


@check
def sizes():
    for one in sources():
        if len(one.lines) > LONG_FILES.get(one.path, FILE_LINES_MAX):
            yield one.path, len(one.lines), f"{len(one.lines)} lines, more than {FILE_LINES_MAX}"
        for number, line in enumerate(one.lines, 1):
            if len(line) > COLUMNS_MAX:
                yield one.path, number, f"{len(line)} columns, more than {COLUMNS_MAX}"
        for number, length in function_lengths(one):
            if length > FUNCTION_LINES_MAX:
                yield one.path, number, f"a function of {length} lines"


@check
def whitespace():
    for one in sources():
        for number, line in enumerate(one.text.split("\n"), 1):
            if "\t" in line or "\r" in line:
                yield one.path, number, "a tab or a carriage return"
            elif line != line.rstrip():
                yield one.path, number, "space at the end of the line"
        if one.text and not one.text.endswith("\n"):
            yield one.path, len(one.lines), "no newline at the end"
        if one.suffix == ".hpp" and "#pragma once" not in one.lines:
            yield one.path, 1, "no #pragma once"


@check
def no_test_hooks():
    production = [one for one in library() if one.layer != "simulation"]
    for one in production + [one for one in sources() if one.path.startswith("app/")]:
        if one.is_cpp:
            for number, text in one.find(r"\w*(_TEST\b|[Mm]ock|Simulated)\w*"):
                yield one.path, number, f"{text}: production code knows no tests"


@check
def todo():
    for one in sources():
        for number, line in enumerate(one.lines, 1):
            if re.search(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", line):
                yield one.path, number, "unfinished business"


@check
def own_header_first():
    names = {one.name for one in library()}
    for one in library():
        header = re.sub(r"cpp$", "hpp", one.name)
        if one.suffix == ".cpp" and header in names:
            number, _, first = next(one.includes(), (1, "", ""))
            if first != f"kodama/{header}":
                yield one.path, number, f"<kodama/{header}> must come first"


@check
def printing():
    for one in library():
        if one.name == "base/assert.hpp":
            continue
        for number, _, name in one.includes():
            if name == "iostream":
                yield one.path, number, "<iostream>: the library does not print"
        for number, text in one.find(r"\b(v?[fd]?printf|f?puts|fwrite|std::(cout|cerr|clog))\b"):
            yield one.path, number, f"{text}: the library does not print"


@check
def standalone():
    """Each header of the library compiles alone."""
    command = shlex.split(os.environ.get("CXX", "c++") + " " + os.environ.get("CXXFLAGS", ""))
    command += ["-std=c++20", "-fsyntax-only", "-I", str(ROOT / "lib"), "-x", "c++"]

    def compile_alone(one):
        return one, subprocess.run([*command, str(ROOT / one.path)], capture_output=True,
                                   text=True, check=False)
    headers = [one for one in library() if one.suffix == ".hpp"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for one, done in pool.map(compile_alone, headers):
            if done.returncode != 0:
                errors = [line for line in done.stderr.splitlines() if "error" in line]
                yield one.path, 1, f"does not compile alone: {(errors or [done.stderr])[0]}"


@check
def assertions_off():
    """core/ compiles without assertions too."""
    command = shlex.split(os.environ.get("CXX", "c++") + " " + os.environ.get("CXXFLAGS", ""))
    command += ["-std=c++20", "-fsyntax-only", "-DKODAMA_NO_ASSERTIONS", "-I", str(ROOT / "lib")]
    for one in library("core"):
        if one.suffix == ".cpp":
            done = subprocess.run([*command, str(ROOT / one.path)], capture_output=True, text=True,
                                  check=False)
            if done.returncode != 0:
                yield one.path, 1, f"does not compile without assertions: {done.stderr[:200]}"


@check
def assertions():
    """core/ states what must hold: see LINES_PER_ASSERTION_MAX."""
    core = [one for one in library("core") if one.suffix == ".cpp"]
    stated = sum(1 for one in core for _ in one.find(r"\bKODAMA_ASSERT\("))
    count = sum(1 for one in core for _ in function_lengths(one))
    lines = sum(1 for one in core for line in one.code if line.strip())
    print(f"core: {stated} assertions in {count} functions, {lines} lines", file=sys.stderr)
    if stated * LINES_PER_ASSERTION_MAX < lines:
        yield "lib/kodama/core", 1, f"fewer than one in {LINES_PER_ASSERTION_MAX} lines"


@check
def format_():
    """clang-format 16 or later has nothing to change."""
    tool = shutil.which("clang-format-16") or shutil.which("clang-format")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False) \
        if tool else None
    found = re.search(r"version (\d+)", version.stdout) if version else None
    if not found or int(found[1]) < 16:
        raise Skipped("no clang-format 16 or later")
    paths = [str(ROOT / one.path) for one in sources() if one.is_cpp]
    done = subprocess.run([tool, "--dry-run", *paths], capture_output=True, text=True, check=False)
    places = {}
    for path, line in re.findall(r"^(.*?):(\d+):\d+: warning", done.stderr, re.M):
        places.setdefault(os.path.relpath(path, ROOT), []).append(line)
    for path, lines in places.items():
        yield path, lines[0], f"clang-format would change {len(lines)} places from here on"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="append", choices=sorted(CHECKS), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names of the checks")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(CHECKS))
        return 0
    names = arguments.check or list(CHECKS)
    findings, skips = 0, 0
    for name in names:
        try:
            for path, line, what in CHECKS[name]():
                print(f"{path}:{line}: {what} [{name}]")
                findings += 1
        except Skipped as reason:
            print(f"SKIP {name}: {reason}")
            skips += 1
    return 1 if findings else SKIPPED if skips == len(names) else 0


if __name__ == "__main__":
    sys.exit(main())
