#!/usr/bin/env python3
"""Compiles and runs the programs of lib/docs/guide.md: `guide.py --compiler CXX LIBRARY...`.

A program is a block of C++ behind a comment `<!-- program NAME: WHAT -->`, WHAT being one of

    say "..." hear "..."   the server is told this, then FIN, and has to answer that
    say "..." count N      it has to answer so many bytes
    run ARGUMENTS          it runs, and its exit code is 0
"""

import argparse
import ast
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = ROOT / "lib/docs/guide.md"
PROGRAM = re.compile(r"<!-- program (\w+): (.*?) -->\n```cpp\n(.*?)```", re.S)
ASKED = re.compile(r'say ("(?:[^"\\]|\\.)*") (hear|count) (.*)')


def answer_of(port, said):
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while piece := client.recv(65536):
            heard += piece
    return heard


def problem_of_server(program, what):
    asked = ASKED.fullmatch(what)
    said, how, wanted = asked.groups()
    with subprocess.Popen([program, "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as server:
        first = server.stdout.readline()
        if not (port := re.match(r"listening on 127\.0\.0\.1:(\d+)", first)):
            server.kill()
            return f"does not listen: {server.stderr.read()}"
        try:
            heard = answer_of(int(port[1]), ast.literal_eval(said).encode())
        finally:
            server.send_signal(signal.SIGTERM)
        if server.wait(30) != 0:
            return f"ended with {server.returncode}"
    if how == "count":
        return "" if len(heard) == int(wanted) else f"answered {len(heard)} bytes, not {wanted}"
    right = ast.literal_eval(wanted).encode()
    return "" if heard == right else f"answered {heard[:100]}, not {right}"


def problem_of(name, what, code, compiler, libraries, folder):
    source, program = folder / f"{name}.cpp", folder / name
    source.write_text(code)
    places = {str(library.parent) for library in libraries}
    done = subprocess.run(
        [*compiler, "-std=c++20", "-Wall", "-Wextra", "-I", ROOT / "lib", source, "-o", program,
         *libraries, *(f"-Wl,-rpath,{place}" for place in places)],
        capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        return f"does not compile without a warning:\n{done.stderr}"
    if what.startswith("run "):
        done = subprocess.run([program, *shlex.split(what)[1:]], capture_output=True, text=True,
                              check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr
    return problem_of_server(program, what)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("libraries", nargs="+", type=pathlib.Path, metavar="LIBRARY")
    arguments = parser.parse_args()
    compiler = shlex.split(arguments.compiler)
    text = GUIDE.read_text()
    programs = PROGRAM.findall(text)
    failed = len(programs) < 4 or len(programs) != len(re.findall(r"^#include <kodama/kodama", text,
                                                                  re.M))
    if failed:
        print("not every program of the guide has a comment that says how to run it")
    with tempfile.TemporaryDirectory() as folder:
        for name, what, code in programs:
            problem = problem_of(name, what, code, compiler, arguments.libraries,
                                 pathlib.Path(folder))
            print(f"{name}: {problem or 'ok'}")
            failed |= bool(problem)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
