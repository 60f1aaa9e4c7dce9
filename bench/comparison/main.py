"""bench/compare from its command line to its exit code."""

import contextlib
import dataclasses
import json
import pathlib
import signal
import sys

from comparison import cells as matrix
from comparison import contenders as who
from comparison import machine, report, sysctl
from comparison.campaign import Campaign
from comparison.load import Cpus
from comparison.options import parser, set_of
from comparison.plan import Plan, plan_from_record
from comparison.results import ResultLog, read_records
from comparison.tools import ROOT, Tools, Unusable, output_of

USAGE, UNAVAILABLE, INTERRUPTED = 64, 69, 130
BUSY_MAX = 0.05
QUICK_CONTENDERS = {"kodama", "kodama-again", "epoll"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def main(arguments):
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    try:
        if options.list:
            print(matrix.listing())
            return 0
        if options.report:
            report.write(pathlib.Path(options.report))
            return 0
        return measure(options)
    except (matrix.UnknownCell, who.BadContender) as problem:
        say(f"bench/compare: {problem}")
        return USAGE
    except (Unusable, OSError) as problem:
        say(f"bench/compare: {problem}")
        return UNAVAILABLE
    except KeyboardInterrupt:
        say("bench/compare: ended early; --resume FOLDER goes on with it")
        return INTERRUPTED


def end(_number, _frame):
    raise KeyboardInterrupt


def measure(options):
    tools = Tools(options.build_folder)
    tools.build()
    contenders, absent = who.chosen(options, tools)
    folder, plan = resumed(options) if options.resume else (None, None)
    if plan is None:
        contenders, plan = planned(options, tools, contenders)
    say(plan.described())
    for name, reason in absent.items():
        say(f"not measured: {name}: {reason}")
    if options.plan:
        return 0
    if options.resume:
        contenders = those_of(plan, contenders, tools)
    cpus = Cpus(pinned=not options.unpinned)
    folder = folder or output_folder(options)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"writing to {folder}")
    busy = machine.busy_share()
    if busy > BUSY_MAX:
        say(f"WARNING: this machine is not quiet, {100 * busy:.0f} % of it is busy with other "
            "things: the figures will show those")
    with contextlib.closing(ResultLog(folder / "results.jsonl")) as log, \
            sysctl.congestion_control(plan.congestion, say) as set_by:
        congestion = {"name": plan.congestion, "set_for": set_by}
        begin(log, folder, plan, contenders, absent, tools, cpus, congestion)
        Campaign(plan, contenders, tools, log, cpus, say).run()
        log.append({"record": "end"})
    report.write(folder)
    print((folder / "report.md").read_text(encoding="utf-8").partition("\n## Method")[0])
    say(f"the whole report: {folder}/report.html")
    return 0 if kodama_is_right(folder) else 1


def planned(options, tools, contenders):
    name, cell_names, timing = set_of(options)
    if name == "quick" and not options.contenders:
        contenders = [one for one in contenders
                      if one.name in QUICK_CONTENDERS or one.name not in who.BUILT_IN]
    ablations = []
    if options.full and not options.contenders:
        ablations = who.ablations(tools.find("kodama"), output_of)
        contenders = contenders + ablations
    for field in ("blocks", "window", "warm_up"):
        if getattr(options, field):
            timing = dataclasses.replace(timing, **{field: getattr(options, field)})
    plan = Plan(name, tuple(matrix.cells_named(cell_names)),
                tuple(one.name for one in contenders), tuple(one.name for one in ablations),
                timing, options.seed, options.congestion)
    return contenders, plan


def resumed(options):
    folder = pathlib.Path(options.resume)
    records = read_records(folder / "results.jsonl")
    if not records:
        raise Unusable(f"{options.resume} holds no results to go on with")
    before = json.loads((folder / "machine.json").read_text(encoding="utf-8"))
    now = machine.git_revision()
    if before["git"]["hash"] != now["hash"]:
        raise Unusable(f"those are results of {before['git']['hash']}, this is {now['hash']}")
    return folder, plan_from_record(records[0])


def those_of(plan, contenders, tools):
    """The contenders of an interrupted campaign, from what is there now."""
    known = {one.name: one for one in contenders}
    if plan.ablations:
        known |= {one.name: one for one in who.ablations(tools.find("kodama"), output_of)}
    missing = [name for name in plan.contenders if name not in known]
    if missing:
        raise Unusable(f"{', '.join(missing)} took part: give the same --contenders, --kodama, "
                       "--variant and --target again")
    return [known[name] for name in plan.contenders]


def output_folder(options):
    if options.output:
        folder = pathlib.Path(options.output)
        if (folder / "results.jsonl").exists():
            raise Unusable(f"{options.output} holds results already: --resume goes on with them")
        return folder
    revision = machine.git_revision()
    name = "-".join(filter(None, [machine.today(), revision["hash"],
                                  "dirty" if revision["dirty"] else "", options.name]))
    folder, number = ROOT / "bench" / "results" / name, 1
    while (folder / "results.jsonl").exists():
        number += 1
        folder = folder.with_name(f"{name}-{number}")
    return folder


def begin(log, folder, plan, contenders, absent, tools, cpus, congestion):
    if log.records:
        log.append({"record": "resumed"})
        return
    log.append({**plan.record(), "absent": absent,
                "described": [one.record() for one in contenders]})
    text = json.dumps(machine.card(tools, cpus, congestion), indent=2)
    (folder / "machine.json").write_text(text + "\n", encoding="utf-8")


def kodama_is_right(folder):
    records = read_records(folder / "results.jsonl")
    conforms = any(record["record"] == "conformance" and record["contender"] == "kodama"
                   and record["conforms"] for record in records)
    return conforms and not any(record["record"] == "disqualified"
                                and record["contender"] == "kodama" for record in records)
