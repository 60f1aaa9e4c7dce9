"""What the report says, section by section. No difference is told without its interval, metric,
cells and machine; where kodama loses comes first."""

from comparison import paired
from comparison.analysis import AHEAD, BEHIND, SAMPLES_FOR_P999, SAME, TOO_FEW, percentile
from comparison.metrics import METRICS, metrics_of
from comparison.method import METHOD


def revision(card):
    return card["git"]["hash"] + (" (with changes)" if card["git"]["dirty"] else "")


def cores(card):
    kind = "virtual machine" if card["cpu"].get("virtual_machine") else "machine"
    return f"a {kind} with {card['cpu']['cores_usable']} cores"


def spread(found, key="median"):
    return f"{found[key]:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def noise_record(analysis):
    record = {}
    for metric in METRICS.values():
        if found := analysis.usual_noise(metric):
            record[metric.name] = {"median": round(found[0], 5), "worst": round(found[1], 5)}
    return record


def lead(document, analysis, card):
    timing = analysis.plan.timing
    document.paragraph(
        f"Measured on the loopback interface of {cores(card)} ({card['cpu']['model']}, Linux "
        f"{card['kernel']}), {card['pinning']}, congestion control {card['congestion']['name']}; "
        f"{timing.blocks} blocks of runs of {timing.window:g} s after {timing.warm_up:g} s of "
        "warm-up, a fresh server each; kodama with one worker.")
    document.paragraph(
        "Loopback hides what network cards, their interrupts and drivers cost. With one core for "
        "each side the client is busy first, which presses all ratios of throughput towards 1: "
        "CPU an echo says more.")
    if not analysis.complete:
        document.paragraph("**The campaign has not come to its end: what follows is a part.**")
    if analysis.plan.set_name == "quick":
        document.paragraph("**A quick run: it shows that everything works, and proves nothing.**")


def counted(comparisons):
    """Losses first."""
    counts = {verdict: sum(one["verdict"] == verdict for one in comparisons)
              for verdict in (BEHIND, SAME, AHEAD, TOO_FEW)}
    return ", ".join(f"{verdict}: {count}" for verdict, count in counts.items()
                     if count or verdict != TOO_FEW)


def headlines(document, analysis, forests):
    document.heading("kodama against the strongest peer of each cell")
    document.paragraph(
        "The strongest is the peer in user space with which kodama compares worst in the cell, by "
        "these very blocks, which counts against kodama. Servers in the kernel are in the next "
        "section. Ratios are written so that above 1 is in kodama's favour. Cells where kodama is "
        "behind come first.")
    everything = []
    for metric in METRICS.values():
        comparisons = analysis.headline(metric)
        if not comparisons:
            continue
        everything += comparisons
        document.heading(metric.title[0].upper() + metric.title[1:], 3)
        document.paragraph(f"{counted(comparisons)} (of {len(comparisons)} cells).")
        if f"forest-{metric.name}" in forests:
            document.plot(forests[f"forest-{metric.name}"])
        document.table(("cell", "verdict", "strongest peer", "ratio [interval]", "noise floor"),
                       [(one["cell"].name, one["verdict"], one["against"], spread(one),
                         percent(one["delta"])) for one in comparisons])
    if everything:
        document.paragraph(
            f"These are {len(everything)} intervals of "
            f"{100 * min(one['confidence'] for one in everything):.1f} %; if nothing differed, "
            f"about {analysis.by_chance(everything):.1f} of them would not hold 1, by chance. The "
            "noise floor, which a verdict has to exceed as well, takes most of those away.")


def against_each(document, analysis):
    document.heading("kodama against each server")
    document.paragraph("Geometric means over the cells (intervals: blocks resampled), the cell "
                       "where kodama does worst, and how often it is behind / no difference is "
                       "shown / it is ahead.")
    rows = []
    for metric in METRICS.values():
        for name in analysis.others():
            found = analysis.summary_against(name, metric)
            if found:
                counts = found["counts"]
                worst = found["worst"]
                rows.append((metric.title, name, spread(found, "mean"),
                             f"{worst['cell'].name}: {spread(worst)}",
                             f"{counts[BEHIND]} / {counts[SAME]} / {counts[AHEAD]}"
                             if analysis.ranked(name) else "not ranked"))
    rows.sort(key=lambda row: list(metric.title for metric in METRICS.values()).index(row[0]))
    document.table(("metric", "server", "mean ratio [interval]", "worst cell", "counts"), rows)


def amount(found, unit=""):
    if not found:
        return "–"
    return f"{found['median']:,.0f} [{found['low']:,.0f}, {found['high']:,.0f}]{unit}"


def figures(document, analysis):
    document.heading("All figures")
    document.paragraph("Medians with intervals over the valid blocks. Client-bound: the share of "
                       "windows in which the load generator was the bottleneck; busy: client's / "
                       "server's CPU.")
    for cell in analysis.cells:
        document.heading(f"{cell.name}: {cell.description}", 3)
        if (pilot := analysis.pilots[cell.name])["note"]:
            document.paragraph(f"Offered: {pilot['rate']:,.0f} a second, {pilot['note']}.")
        rows = []
        for name in analysis.names_in(cell):
            busy = analysis.busy(cell, name)
            interval = {metric: analysis.interval(cell, name, METRICS[metric])
                        for metric in ("throughput", "server_cpu", "machine_cpu")}
            rows.append((name if analysis.ranked(name) else f"{name} (not ranked)",
                         amount(interval["throughput"]), amount(interval["server_cpu"]),
                         amount(interval["machine_cpu"]),
                         f"{100 * (analysis.client_bound(cell, name) or 0):.0f} %",
                         "–" if not busy else f"{100 * busy[0]:.0f} / {100 * busy[1]:.0f} %"))
        document.table(("server", f"{cell.unit} a second", "server CPU, ns each",
                        "machine CPU, ns each", "client-bound", "busy"), rows)


def latencies(document, analysis):
    cells = [cell for cell in analysis.cells if cell.open_loop]
    if not cells:
        return
    document.heading("Latency, open loop")
    document.paragraph("Microseconds from the time at which a message was due to be sent, all "
                       "valid windows together. Closed loops tell nothing about latency, so none "
                       "of theirs are here.")
    for cell in cells:
        rate = analysis.pilots[cell.name]["rate"]
        document.heading(f"{cell.name}, {rate:,.0f} echoes a second", 3)
        rows = []
        for name in analysis.names_in(cell):
            histogram = analysis.histogram(cell, name)
            count = sum(samples for _, samples in histogram)
            if count:
                rows.append((name, *(f"{percentile(histogram, share):,.0f}"
                                     for share in (0.5, 0.9, 0.99)),
                             f"{percentile(histogram, 0.999):,.0f}"
                             if count >= SAMPLES_FOR_P999 else "–",
                             f"{histogram[-1][0]:,.0f}", f"{count:,}"))
        document.table(("server", "p50", "p90", "p99", "p99.9", "max", "samples"), rows)


def once(document, analysis):
    memory, syscalls = analysis.extras("memory"), analysis.extras("syscalls")
    if not memory and not syscalls:
        return
    document.heading("Measured once, outside of all timing")
    rows = []
    for (cell, name), found in memory.items():
        if "failed" in found:
            rows.append((cell, name, f"failed: {found['failed']}", "", "", "", ""))
            continue
        rows.append((cell, name, *(amount_or_dash(found.get(key)) for key in (
            "pss_bytes_a_connection", "rss_bytes_a_connection", "kernel_bytes_a_connection")),
            amount_or_dash(found.get("rss_bytes"), 1024), wakeups(found)))
    document.table(("cell", "server", "PSS, B each", "RSS, B each", "kernel, B each",
                    "RSS in all, KiB", "wake-ups a second"), rows)
    if memory:
        others = max(found.get("connections_before", 0) for found in memory.values())
        beside = f", beside {others} that were there before and are not counted" if others else ""
        document.paragraph(
            f"Idle connections, after one echo on each{beside}. The kernel's part is what the "
            "machine's slabs, stacks, page tables and socket memory grew by: both ends of each "
            "connection are in it, and whatever else the kernel did meanwhile. What a server sets "
            "aside at its start is in none of the figures a connection.")
    document.table(("cell", "server", "system calls an echo", "counted by"),
                   [(cell, name, "–" if found["value"] is None else f"{found['value']:.3f}",
                     found["how"]) for (cell, name), found in syscalls.items()])


def amount_or_dash(value, divisor=1):
    return "–" if value is None else f"{value / divisor:,.0f}"


def wakeups(found):
    value = found.get("wakeups_a_second")
    return "–" if value is None else f"{value:g}"


def validity(document, analysis):
    document.heading("What was discarded, and who was not ranked")
    discarded, valid = analysis.discarded(), len(analysis.valid)
    reasons = ", ".join(f"{kind}: {count}" for kind, count in
                        analysis.discards_by_reason().items())
    document.paragraph(f"{valid} blocks count; {len(discarded)} were discarded whole"
                       + (f" ({reasons})." if discarded else "."))
    lines = [f"**{name}** is not ranked: {analysis.why_not_ranked(name)}"
             for name in analysis.names() if not analysis.ranked(name)]
    lines += [f"**{name}** was not measured: {reason}" for name, reason in analysis.absent.items()]
    lines += [f"**{name}** was taken out of {cell}: {why}"
              for (cell, name), why in analysis.excluded.items()]
    lines += [f"no block of **{cell.name}** was valid" for cell in analysis.plan.timed_cells
              if cell not in analysis.cells]
    lines += [f"**{cell.name}** has {count} valid blocks instead of {analysis.plan.timing.blocks}"
              for cell in analysis.cells
              if (count := sum(name == cell.name for name, _ in analysis.valid))
              != analysis.plan.timing.blocks]
    document.items(lines)
    document.table(("server", "cases passed", "failed", "skipped"),
                   [(name, found["passed"], len(found["failed"]), len(found["skipped"]))
                    for name, found in analysis.conformance.items()])


def machine(document, card):
    document.heading("The machine")
    document.table(("", ""), [(name.replace("_", " "), flat(value))
                              for name, value in card.items() if value not in (None, [], {})])


def flat(value):
    if isinstance(value, dict):
        return "; ".join(f"{key} {flat(inner)}" for key, inner in value.items()
                         if inner not in (None, ""))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return " ".join(str(value).split())


def method(document, analysis):
    document.heading("Method")
    rank, confidence = paired.interval_rank(analysis.plan.timing.blocks)
    own = [f"Intervals are exact: of {analysis.plan.timing.blocks} ratios, from the {rank}. "
           f"smallest to the {rank}. largest, which holds the median with "
           f"{100 * confidence:.1f} % confidence."]
    noise = []
    for metric in METRICS.values():
        if any(metric in metrics_of(cell) for cell in analysis.cells):
            if found := analysis.usual_noise(metric):
                noise.append(f"{metric.title} {percent(found[0])} (worst cell "
                             f"{percent(found[1])})")
    if noise:
        own.append("Noise floors, from the A/A control: " + ", ".join(noise) + ".")
    document.items(own + METHOD)
