"""Runs a plan: the correctness gate, pilots, blocks, and what is measured once."""

import time

from comparison import extras
from comparison.cells import cell_named
from comparison.load import conform, measured

ATTEMPTS_A_BLOCK = 3
# A contender that spoils so many blocks of a cell in a row is taken out of the cell.
SPOILED_MAX = 3
HOPELESS_BLOCKS = 2 * ATTEMPTS_A_BLOCK
RATE_STEPS = 4
RATE_STEP = 0.85
CONFORM_SECONDS = 180
SYSCALL_CELLS = ("echo-1x64", "echo-50x64", "depth16-50x64")


class Campaign:
    def __init__(self, plan, contenders, tools, log, cpus, say):
        self.plan, self.log, self.cpus, self.say = plan, log, cpus, say
        self.contenders = {contender.name: contender for contender in contenders}
        self.load = tools.find("kodama-load")
        self.conform = tools.find("kodama-conform")
        self.started = time.monotonic()

    def run(self):
        self.gate()
        self.pilots()
        self.all_blocks()
        self.once()

    # The correctness gate

    def gate(self):
        known = {record["contender"] for record in self.log.of("conformance")}
        for name, contender in self.contenders.items():
            if name in known:
                continue
            # The same binary needs no second gate.
            found = next((dict(one) for one in self.log.of("conformance")
                          if (name, one["contender"]) == ("kodama-again", "kodama")), None)
            found = found or conform(contender, self.conform, CONFORM_SECONDS, self.cpus)
            self.log.append({**found, "record": "conformance", "contender": name})
            failed = ", ".join(case for case, _ in found["failed"]) or found["said"]
            self.say(f"{name}: conforms ({found['passed']} cases)" if found["conforms"]
                     else f"{name}: does not conform, so it is not ranked: {failed}")

    def conforms(self, name):
        return any(record["contender"] == name and record["conforms"]
                   for record in self.log.of("conformance"))

    def disqualified(self):
        return {record["contender"] for record in self.log.of("disqualified")}

    def names_in(self, cell):
        out = {record["contender"] for record in self.log.of("excluded")
               if record["cell"] == cell.name} | self.disqualified()
        return [name for name in self.plan.contenders_of(cell)
                if name not in out and name in self.contenders]

    # Pilots

    def pilots(self):
        for cell in self.plan.timed_cells:
            if any(record["cell"] == cell.name for record in self.log.of("pilot")):
                continue
            rate, note = self.rate_for(cell) if cell.open_loop else (None, None)
            self.log.append({"record": "pilot", "cell": cell.name, "rate": rate, "note": note})

    def is_kodama(self, name):
        return self.contenders[name].is_kodama

    def rate_for(self, cell):
        """(echoes a second, what had to be changed): the share of the best user-space peer's
        peak, lowered until the load generator keeps up with it on the two contenders that are
        compared."""
        peak, who = self.peak_of(cell)
        rate, lowered = peak * cell.percent / 100, 0
        for lowered in range(RATE_STEPS + 1):
            late = [name for name in dict.fromkeys(["kodama", who])
                    if any(kind == "generator" for kind, _ in
                           self.run_load(cell, name, rate)["faults"])]
            if not late:
                break
            rate *= RATE_STEP
        note = f"{cell.percent} % of {peak:,.0f} a second ({who})"
        if lowered:
            note += f", times {RATE_STEP}^{lowered}: the load generator could not keep up"
        return rate, note

    def peak_of(self, cell):
        for record in self.log.of("peak"):
            if record["shape"] == cell.shape:
                return record["rate"], record["contender"]
        closed = cell_named(f"echo-{cell.shape}")
        rates = {}
        for name in self.names_in(cell):
            run = self.run_load(closed, name, None)
            if run["load"] and not self.contenders[name].in_kernel and self.conforms(name):
                rates[name] = run["load"]["echoes_per_s"]
        peers = {name: rate for name, rate in rates.items() if not self.is_kodama(name)} or rates
        if not peers:
            peers = {"kodama": 1000.0}
        who = max(peers, key=peers.get)
        self.log.append({"record": "peak", "shape": cell.shape, "contender": who,
                         "rate": peers[who]})
        return peers[who], who

    # Blocks

    def all_blocks(self):
        done = {(record["cell"], record["block"]) for record in self.log.of("block")
                if record["valid"] or record["attempt"] >= ATTEMPTS_A_BLOCK}
        todo = [(cell, block) for cell, block in self.plan.blocks()
                if (cell.name, block) not in done]
        self.started = time.monotonic()
        for number, (cell, block) in enumerate(todo):
            self.tell_progress(number, len(todo), cell, block)
            if self.is_hopeless(cell):
                continue
            before = [record["attempt"] for record in self.log.of("block")
                      if (record["cell"], record["block"]) == (cell.name, block)]
            for attempt in range(1 + max(before, default=0), ATTEMPTS_A_BLOCK + 1):
                if self.one_block(cell, block, attempt):
                    break

    def is_hopeless(self, cell):
        """Whether not one of so many blocks was valid, since somebody was taken out, that no more
        time is spent on the cell."""
        mine = []
        for record in self.log.records:
            if record.get("cell") == cell.name and record["record"] == "excluded":
                mine.clear()
            elif record.get("cell") == cell.name and record["record"] == "block":
                mine.append(record["valid"])
        return len(mine) >= HOPELESS_BLOCKS and not any(mine)

    def tell_progress(self, number, count, cell, block):
        spent = time.monotonic() - self.started
        left = f", {spent / number * (count - number) / 60:.0f} min left" if number > 4 else ""
        self.say(f"[{number + 1}/{count}{left}] block {block} of {cell.name}")

    def one_block(self, cell, block, attempt):
        names = self.names_in(cell)
        pilot = next(record for record in self.log.of("pilot") if record["cell"] == cell.name)
        order = self.plan.order(cell, block, attempt, names)
        runs = {name: self.one_run(cell, block, attempt, name, pilot["rate"]) for name in order}
        why = [[name, *fault] for name, run in runs.items() for fault in run["faults"]]
        self.log.append({"record": "block", "cell": cell.name, "block": block,
                         "attempt": attempt, "valid": not why, "why": why})
        for name, kind, what in why:
            self.say(f"  block discarded: {name}: {what} ({kind})")
        self.disqualify(runs)
        self.exclude(cell, why)
        return not why

    def disqualify(self, runs):
        for name, run in runs.items():
            for kind, what in run["faults"]:
                if kind == "payload" and name not in self.disqualified():
                    self.log.append({"record": "disqualified", "contender": name, "why": what})
                    self.say(f"  {name} is disqualified: {what}")

    def exclude(self, cell, why):
        """Whoever has spoiled each of the last blocks of a cell leaves it to the others. Where it
        was kodama once, it may be the load that nobody can bear."""
        last = [record for record in self.log.of("block") if record["cell"] == cell.name]
        spoilers = [{name for name, kind, _ in record["why"] if kind != "steal"}
                    for record in last[-SPOILED_MAX:]]
        if len(spoilers) < SPOILED_MAX or "kodama" in set.union(*spoilers):
            return
        for name in sorted(set.intersection(*spoilers)):
            reason = next(what for one, kind, what in why if one == name and kind != "steal")
            self.log.append({"record": "excluded", "cell": cell.name, "contender": name,
                             "why": reason})
            self.say(f"  {name} is taken out of {cell.name}: {reason}")

    def one_run(self, cell, block, attempt, name, rate):
        record = self.run_load(cell, name, rate)
        self.log.append({"record": "run", "cell": cell.name, "block": block, "attempt": attempt,
                         "contender": name, **record})
        return record

    def run_load(self, cell, name, rate):
        timing = self.plan.timing
        arguments = cell.load_arguments(rate) + [
            "--duration", f"{round(1000 * timing.window)}ms",
            "--warm-up", f"{round(1000 * timing.warm_up)}ms",
            "--congestion", self.plan.congestion]
        return measured(self.contenders[name], cell, arguments, self.load,
                        timing.warm_up + timing.window, self.cpus)

    # Once

    def once(self):
        known = {(record["what"], record["cell"], record["contender"])
                 for record in self.log.of("extra")}
        for cell in self.plan.once_cells:
            for name in self.names_in(cell):
                if ("memory", cell.name, name) not in known:
                    self.extra("memory", cell, name,
                               extras.idle_memory(self.contenders[name], cell, self.cpus))
        for cell in self.plan.timed_cells:
            if cell.name not in SYSCALL_CELLS:
                continue
            for name in self.names_in(cell):
                if ("syscalls", cell.name, name) not in known:
                    self.extra("syscalls", cell, name, extras.syscalls_per_echo(
                        self.contenders[name], cell, self.load, self.cpus))

    def extra(self, what, cell, name, found):
        self.log.append({"record": "extra", "what": what, "cell": cell.name, "contender": name,
                         **found})
        self.say(f"{what} of {name} in {cell.name}: "
                 + ", ".join(f"{key} {value}" for key, value in found.items()))
