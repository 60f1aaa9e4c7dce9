#!/usr/bin/env python3
"""Each option of --help is in the manual page and the other way round: `man_pages.py PROGRAM...`;
and mandoc has nothing to complain of in any page, where it is installed."""

import pathlib
import re
import shutil
import subprocess
import sys

PAGES = pathlib.Path(__file__).resolve().parents[2] / "app/man"


def problems_with(program):
    page = PAGES / f"{program.name}.1"
    if not page.exists():
        yield f"{page.name} is missing"
        return
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    helped = set(re.findall(r"^  --([a-z-]+)", told, re.M))
    written = re.findall(r"^\.It Fl -([a-z-]+)", page.read_text(), re.M)
    for name in sorted(helped - set(written)):
        yield f"{page.name} lacks --{name}"
    for name in sorted({one for one in written if one not in helped or written.count(one) > 1}):
        yield f"{page.name}: --{name} is no option, or is there twice"
    if not helped:
        yield f"{program.name} --help lists no options"


def main():
    problems = [one for name in sys.argv[1:] for one in problems_with(pathlib.Path(name))]
    if shutil.which("mandoc"):
        for page in sorted(PAGES.glob("*.[17]")):
            lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], capture_output=True,
                                  text=True, check=False)
            problems += lint.stdout.splitlines()
    else:
        print("not linted: there is no mandoc")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
