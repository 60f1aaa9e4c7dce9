"""The command line of bench/compare."""

import argparse
import re

from comparison import cells as matrix
from comparison.contenders import BUILT_IN

EXAMPLES = """examples:
  bench/compare --quick                    does everything work? (no claims)
  bench/compare --core                     the cells that decide, half an hour
  bench/compare --cells echo-50x64,open-50x512-75 --contenders kodama,epoll
  bench/compare --contenders kodama,old,epoll --kodama old=build-old/app/kodama
  bench/compare --variant one-shot='--disable multishot-receive' --cells echo-50x64
  bench/compare --target kecho=127.0.0.1:12345,kernel --core
  bench/compare --resume bench/results/2026-01-31-0123456789
"""


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1")
    return value


def milliseconds(text):
    found = re.fullmatch(r"(\d+)(ms|s)", text)
    seconds = int(found[1]) / (1000 if found[2] == "ms" else 1) if found else 0
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration from 50ms to 3600s")
    return seconds


def parser():
    made = argparse.ArgumentParser(
        prog="bench/compare", description="Measures echo servers against each other.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    what = made.add_argument_group("what is measured")
    which = what.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="few and short, 2 minutes; no claims")
    which.add_argument("--core", action="store_true", help="the cells that decide (default)")
    which.add_argument("--full", action="store_true", help="the whole matrix, overnight")
    which.add_argument("--cells", metavar="LIST", help="these, separated by commas")
    what.add_argument("--list", action="store_true", help="print the cells, and exit")
    what.add_argument("--contenders", metavar="LIST",
                      help=f"of {','.join(BUILT_IN)} and those below (default: all)")
    what.add_argument("--kodama", action="append", default=[], metavar="NAME=PATH[ ARGUMENTS]",
                      help="another build of kodama")
    what.add_argument("--variant", action="append", default=[], metavar="NAME=ARGUMENTS",
                      help="this kodama with other arguments")
    what.add_argument("--target", action="append", default=[],
                      metavar="NAME=HOST:PORT[,pid=PID|,cgroup=PATH|,kernel]",
                      help="a server that runs already")
    how = made.add_argument_group("how")
    how.add_argument("--blocks", type=positive, metavar="N", help="that count (default 12)")
    how.add_argument("--window", type=milliseconds, metavar="T", help="of one run: 500ms, 3s")
    how.add_argument("--warm-up", type=milliseconds, metavar="T", help="before it")
    how.add_argument("--seed", type=int, default=1, metavar="N", help="of the order (default 1)")
    how.add_argument("--congestion", default="reno", metavar="NAME",
                     help="congestion control for the campaign (default reno)")
    how.add_argument("--unpinned", action="store_true", help="leave the CPUs to the scheduler")
    how.add_argument("--build-folder", metavar="FOLDER", help="use what is built there")
    how.add_argument("--plan", action="store_true", help="print the plan and its time, and exit")
    where = made.add_argument_group("where to")
    where.add_argument("--output", metavar="FOLDER", help="default bench/results/DATE-HASH[-NAME]")
    where.add_argument("--name", default="", help="the end of the folder's name")
    where.add_argument("--resume", metavar="FOLDER", help="go on with what was interrupted")
    where.add_argument("--report", metavar="FOLDER", help="write the reports anew, and exit")
    return made


def set_of(options):
    """(name, names of cells, timing)"""
    if options.cells:
        return "cells", options.cells.split(","), matrix.TIMINGS["core"]
    if options.quick:
        return "quick", matrix.QUICK, matrix.TIMINGS["quick"]
    if options.full:
        return "full", matrix.full(), matrix.TIMINGS["full"]
    return "core", matrix.CORE, matrix.TIMINGS["core"]
