"""Runs kodama-load and kodama-conform, and judges what they say."""

import json
import os
import subprocess

from comparison.servers import ServerFailed, environment, prepared, running
from comparison.tools import scrubbed

STEAL_SHARE_MAX = 0.005
TICK_SECONDS = 0.01  # stolen time is counted in these
SPARE_SECONDS = 25   # beyond warm-up and window, until a run counts as stuck


def load_command(binary, address, arguments):
    return [str(binary), address, *arguments, "--json"]


def run_load(binary, address, arguments, seconds, cpu=None):
    """{exit, report, said}: report is the JSON object, None when there was none."""
    process = subprocess.Popen(
        load_command(binary, address, arguments), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        start_new_session=True, preexec_fn=prepared(cpu))
    try:
        output, errors = process.communicate(timeout=seconds + SPARE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        return {"exit": None, "report": None, "said": "the load generator did not end"}
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    try:
        report = json.loads(output)
    except json.JSONDecodeError:
        report = None
    last = (errors.strip().splitlines() or [""])[-1]
    return {"exit": process.returncode, "report": report, "said": scrubbed(last)}


def measured(contender, cell, arguments, binary, seconds, cpus):
    """One run: a fresh server, one window of load. What results.jsonl keeps of it."""
    record = {"exit": None, "load": None, "said": "", "server_exit": None}
    try:
        with running(contender, cpus.server) as server:
            done = run_load(binary, server.address, arguments + server.account, seconds,
                            cpus.client)
            record.update(exit=done["exit"], said=done["said"], load=kept(done["report"], cell))
            server.check_alive()
        record["server_exit"] = server.exit_code
    except ServerFailed as failure:
        record["said"] = str(failure)
    record["faults"] = faults(record, cell)
    return record


def kept(report, cell):
    """Without what says nothing: the target's address, and the latencies of a closed loop, which
    leave out what they should tell (coordinated omission)."""
    if report is None:
        return None
    dropped = {"program", "target"}
    if not cell.open_loop:
        dropped |= {"latency_us", "latency_histogram_us", "send_lag_us"}
    return {key: value for key, value in report.items() if key not in dropped}


def faults(record, cell):
    """[[kind, what]]: why this run must not count. `payload` disqualifies the contender."""
    report = record["load"]
    if report is None:
        return [["error", record["said"] or "the load generator printed nothing"]]
    found = []
    errors = {name: count for name, count in report["errors"].items() if count}
    if errors.get("wrong_byte"):
        found.append(["payload", f"{errors['wrong_byte']} wrong bytes"])
    others = [f"{count} {name.replace('_', ' ')}" for name, count in errors.items()
              if name != "wrong_byte"]
    if others:
        found.append(["error", ", ".join(others)])
    if not found and record["exit"] != 0:
        found.append(["error", f"the load generator ended with {record['exit']}"])
    if not found and not report["echoes"]:
        found.append(["error", "not one echo in the window"])
    if record["said"].startswith("the server"):
        found.append(["error", record["said"]])
    stolen = report["cpu"].get("steal_s") or 0.0
    available = report["window_s"] * len(report["cpu"]["busy_share_per_cpu"])
    if stolen > 1.5 * TICK_SECONDS and stolen > STEAL_SHARE_MAX * available:
        found.append(["steal", f"{100 * stolen / available:.1f} % of the CPU time stolen"])
    if report["tcp"]["retransmits"] and not cell.bulk:
        found.append(["retransmits", f"{report['tcp']['retransmits']} retransmits"])
    if cell.open_loop and report["kept_up"] is False:
        found.append(["generator", "the load generator did not keep up"])
    return found


def conform(contender, binary, seconds, cpus, cases=()):
    """The correctness gate: {passed, failed: [[case, why]], skipped, conforms, said}."""
    result = {"passed": 0, "failed": [], "skipped": [], "conforms": False, "said": ""}
    try:
        with running(contender, cpus.server) as server:
            command = [str(binary), server.address]
            for case in cases:
                command += ["--case", case]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=seconds, check=False,
                                  preexec_fn=prepared(cpus.client))
    except ServerFailed as failure:
        result["said"] = str(failure)
        return result
    except subprocess.TimeoutExpired:
        result["said"] = f"the gate did not end within {seconds} s"
        return result
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        name, _, why = rest.partition(": ")
        if word == "ok":
            result["passed"] += 1
        elif word in {"failed", "skipped"}:
            result[word].append([name, scrubbed(why)])
    result["conforms"] = done.returncode == 0 and result["passed"] > 0
    if not result["conforms"] and not result["failed"]:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        result["said"] = f"kodama-conform ended with {done.returncode} {scrubbed(last)}".strip()
    return result


class Cpus:
    """The server's and the client's CPU; None where there is only one."""

    def __init__(self, pinned=True):
        mine = sorted(os.sched_getaffinity(0))
        self.client, self.server = (mine[0], mine[1]) if pinned and len(mine) > 1 else (None, None)
        self.count = len(mine)

    def describe(self):
        if self.client is None:
            return "nothing pinned"
        return f"server on CPU {self.server}, client on CPU {self.client}"
