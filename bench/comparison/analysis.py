"""From the records of results.jsonl to what the reports show. A pure function of its input."""

import math
import statistics

from comparison import paired
from comparison.metrics import METRICS, metrics_of, value_of
from comparison.plan import plan_from_record

AHEAD, SAME, BEHIND = "ahead", "no difference shown", "behind"
TOO_FEW = "too few blocks"
SAMPLES_FOR_P999 = 100_000


class Analysis:
    def __init__(self, records):
        self.records = records
        self.plan = plan_from_record(records[0])
        self.described = {one["name"]: one for one in records[0]["described"]}
        self.absent = records[0]["absent"]
        self.complete = any(record["record"] == "end" for record in records)
        self.conformance = {one["contender"]: one for one in self.of("conformance")}
        self.disqualified = {one["contender"]: one["why"] for one in self.of("disqualified")}
        self.excluded = {(one["cell"], one["contender"]): one["why"] for one in
                         self.of("excluded")}
        self.pilots = {one["cell"]: one for one in self.of("pilot")}
        self.blocks = self.of("block")
        self.valid = {(one["cell"], one["block"]): one["attempt"] for one in self.blocks
                      if one["valid"]}
        self.runs = self.counting_runs()
        self.cells = [cell for cell in self.plan.timed_cells
                      if any(name == cell.name for name, _ in self.valid)]
        self.deltas = self.noise_floors()

    def of(self, kind):
        return [record for record in self.records if record["record"] == kind]

    def counting_runs(self):
        """{(cell, contender): {block: what kodama-load printed}}, of valid blocks alone."""
        runs = {}
        for one in self.of("run"):
            if self.valid.get((one["cell"], one["block"])) == one["attempt"]:
                runs.setdefault((one["cell"], one["contender"]), {})[one["block"]] = one["load"]
        return runs

    # Who takes part

    def names(self):
        return list(self.plan.contenders)

    def names_in(self, cell):
        return [name for name in self.names() if (cell.name, name) in self.runs]

    def is_kodama(self, name):
        return self.described[name]["kind"] == "kodama"

    def in_kernel(self, name):
        return self.described.get(name, {}).get("in_kernel", False)

    def ranked(self, name):
        return self.conformance.get(name, {}).get("conforms", False) \
            and name not in self.disqualified

    def why_not_ranked(self, name):
        if name in self.disqualified:
            return f"disqualified: {self.disqualified[name]}"
        found = self.conformance.get(name)
        if not found:
            return "the correctness gate was not run"
        return "; ".join(f"{case}: {why}" for case, why in found["failed"]) or found["said"]

    # Figures

    def values(self, cell, name, metric):
        """{block: value}"""
        if metric.user_space and self.in_kernel(name):
            return {}
        reports = self.runs.get((cell.name, name), {})
        found = {block: value_of(report, metric) for block, report in reports.items()}
        return {block: value for block, value in found.items() if value}

    def interval(self, cell, name, metric):
        return paired.median_interval(list(self.values(cell, name, metric).values()))

    def oriented(self, cell, other, metric):
        """(numerator, denominator), so that a ratio above 1 is in kodama's favour."""
        pair = self.values(cell, "kodama", metric), self.values(cell, other, metric)
        return pair if metric.more_is_better else pair[::-1]

    def ratio(self, cell, other, metric):
        return paired.ratio_interval(*self.oriented(cell, other, metric))

    def control(self, cell, metric):
        """The A/A control: kodama against itself."""
        return self.ratio(cell, "kodama-again", metric)

    def noise_floors(self):
        """{(cell, metric): delta}: how far the A/A control moved by chance. A cell's own, but no
        less than the median of all cells, since one control may be quiet by luck."""
        own = {}
        for cell in self.cells:
            for metric in metrics_of(cell):
                if found := self.control(cell, metric):
                    own[cell.name, metric.name] = paired.noise(found)
        floors = {}
        for (cell, metric), value in own.items():
            usual = statistics.median(one for (_, name), one in own.items() if name == metric)
            floors[cell, metric] = max(value, usual)
        return floors

    def usual_noise(self, metric):
        found = [value for (_, name), value in self.deltas.items() if name == metric.name]
        return (statistics.median(found), max(found)) if found else None

    def delta(self, cell, metric):
        return self.deltas.get((cell.name, metric.name))

    # Comparisons

    def comparison(self, cell, other, metric):
        """None where there is nothing to compare."""
        found = self.ratio(cell, other, metric) if other else None
        if not found:
            return None
        delta = self.delta(cell, metric)
        return {**found, "cell": cell, "metric": metric, "against": other, "delta": delta,
                "verdict": paired.verdict(found, delta) if self.ranked(other) else "not ranked"}

    def against_strongest(self, cell, metric):
        """Against the peer in user space with which kodama compares worst here, so that whoever is
        ahead of it is ahead of all. A pilot run that chooses one beforehand may choose wrongly
        where a run can be slow for reasons of the machine's."""
        found = [self.comparison(cell, name, metric) for name in self.names_in(cell)
                 if not self.is_kodama(name) and not self.in_kernel(name) and self.ranked(name)]
        return min((one for one in found if one), key=lambda one: one["median"], default=None)

    def headline(self, metric):
        """kodama against the strongest peer of each cell; cells where it loses first."""
        found = [self.against_strongest(cell, metric)
                 for cell in self.cells if metric in metrics_of(cell)]
        return losing_first(one for one in found if one)

    def against(self, other, metric):
        found = [self.comparison(cell, other, metric)
                 for cell in self.cells if metric in metrics_of(cell)]
        return losing_first(one for one in found if one)

    def summary_against(self, other, metric):
        """{mean, low, high, cells, worst, counts}; None where there is nothing."""
        found = self.against(other, metric)
        logs = [paired.log_ratios(*self.oriented(one["cell"], other, metric)) for one in found]
        mean = paired.geometric_mean(logs)
        if not mean:
            return None
        worst = min(found, key=lambda one: one["median"])
        counts = {verdict: sum(one["verdict"] == verdict for one in found)
                  for verdict in (BEHIND, SAME, AHEAD)}
        return {**mean, "worst": worst, "counts": counts}

    def others(self):
        """Whom kodama is compared with: everybody but itself."""
        return [name for name in self.names() if name not in {"kodama", "kodama-again"}
                and any((cell.name, name) in self.runs for cell in self.cells)]

    def by_chance(self, comparisons):
        """How many intervals are to be expected beyond 1 if nothing differed."""
        return sum(1 - one["confidence"] for one in comparisons)

    # Validity

    def discarded(self):
        return [record for record in self.blocks if not record["valid"]]

    def discards_by_reason(self):
        reasons = {}
        for record in self.discarded():
            for kind in {kind for _, kind, _ in record["why"]}:
                reasons[kind] = reasons.get(kind, 0) + 1
        return dict(sorted(reasons.items()))

    def client_bound(self, cell, name):
        """The share of windows in which the load generator was the bottleneck."""
        reports = self.runs.get((cell.name, name), {}).values()
        flags = [bool(report["client_bound"]) for report in reports]
        return sum(flags) / len(flags) if flags else None

    def busy(self, cell, name):
        """(client's CPU, server's CPU): medians of their busy shares, where they are told."""
        reports = self.runs.get((cell.name, name), {}).values()
        shares = [report["cpu"]["busy_share_per_cpu"] for report in reports]
        if not shares or any(len(one) < 2 for one in shares):
            return None
        return statistics.median(one[0] for one in shares), \
            statistics.median(one[1] for one in shares)

    # Latencies and extras

    def histogram(self, cell, name):
        """[(upper edge in us, count)], of all valid windows together."""
        total = {}
        for report in self.runs.get((cell.name, name), {}).values():
            for edge, count in report.get("latency_histogram_us") or []:
                total[edge] = total.get(edge, 0) + count
        return sorted(total.items())

    def extras(self, what):
        """{(cell, contender): record}"""
        return {(one["cell"], one["contender"]): one for one in self.of("extra")
                if one["what"] == what}


def losing_first(comparisons):
    order = {BEHIND: 0, SAME: 1, AHEAD: 2}
    return sorted(comparisons, key=lambda one: (order.get(one["verdict"], 3), one["median"]))


def percentile(histogram, share):
    """The upper edge of the bucket in which it lies."""
    total = sum(count for _, count in histogram)
    wanted, seen = math.ceil(share * total), 0
    for edge, count in histogram:
        seen += count
        if seen >= wanted:
            return edge
    return None


def metric_named(name):
    return METRICS[name]
