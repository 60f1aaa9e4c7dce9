"""The plots of the report: (identifier, SVG, caption)."""

from comparison import charts, forest
from comparison.metrics import METRICS
from comparison.svg import nice_ticks

PERCENTILES = (0.1, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)


def all_plots(analysis, look):
    made = []
    for metric in METRICS.values():
        comparisons = analysis.headline(metric)
        confidence = min((one["confidence"] for one in comparisons), default=0)
        made.append((f"forest-{metric.name}", forest.forest(
            comparisons, f"kodama against the strongest peer: {metric.title}",
            f"{forest.sense(metric)}, medians of paired ratios with {100 * confidence:.1f} % "
            "intervals; shaded: within the noise floor or 1 %")))
    for size in ("64", "512", "4096"):
        made += against_connections(analysis, look, size)
    for cell in analysis.cells:
        if cell.open_loop:
            made.append((f"latency-{cell.name}", latency(analysis, look, cell)))
    for shape in dict.fromkeys(cell.shape for cell in analysis.cells if cell.kind == "open"):
        made.append((f"rate-{shape}", against_rate(analysis, look, shape)))
    made.append(("memory", memory(analysis, look)))
    made.append(("syscalls", syscalls(analysis, look)))
    return [(name, svg) for name, svg in made if svg]


def against_connections(analysis, look, size):
    cells = sorted((cell for cell in analysis.cells if cell.kind == "echo" and cell.size == size),
                   key=lambda cell: cell.connections)
    if len(cells) < 2:
        return
    ticks = [cell.connections for cell in cells]
    for metric, title, label in (
            ("throughput", f"Echoes a second, {size} B", "echoes a second"),
            ("server_cpu", f"Server CPU an echo, {size} B", "nanoseconds"),
            ("machine_cpu", f"Whole-machine CPU an echo, {size} B", "nanoseconds")):
        series = {}
        for name in analysis.names():
            for cell in cells:
                if found := analysis.interval(cell, name, METRICS[metric]):
                    series.setdefault(name, []).append(
                        (cell.connections, found["median"], found["low"], found["high"]))
        yield f"{metric}-{size}", charts.line_chart(
            title, series, look, ("connections (log scale)", label), x_ticks=ticks, x_log=True,
            x_text=str)


def latency(analysis, look, cell):
    from_one = {1 / (1 - share): share for share in PERCENTILES}
    series = {}
    for name in analysis.names_in(cell):
        histogram = analysis.histogram(cell, name)
        total = sum(count for _, count in histogram)
        # A percentile needs a hundred samples beyond it to mean something.
        series[name] = [(x, value, None, None) for x, value in
                        curve(histogram, from_one) if total >= 100 * x]
    ticks = [2, 10, 100, 1000, 10000]
    longest = max((point[0] for line in series.values() for point in line), default=10)
    rate = analysis.pilots[cell.name]["rate"]
    return charts.line_chart(
        f"Latency at {rate:,.0f} echoes a second, {cell.name}",
        series, look, ("percentile (x: 1/(1-p), log scale)", "microseconds, log scale"),
        x_ticks=[1, *(tick for tick in ticks if tick <= longest)], x_log=True, y_log=True,
        x_text=lambda x: f"{100 * (1 - 1 / x):.4g} %", marks=False)


def curve(histogram, from_one):
    """[(1/(1-p), latency)], in one pass."""
    total, seen, index, made = sum(count for _, count in histogram), 0, 0, []
    wanted = sorted(from_one.items())
    for edge, count in histogram:
        seen += count
        while index < len(wanted) and seen >= wanted[index][1] * total:
            made.append((wanted[index][0], edge))
            index += 1
    return made


def against_rate(analysis, look, shape):
    cells = [cell for cell in analysis.cells if cell.kind == "open" and cell.shape == shape]
    if len(cells) < 2:
        return None
    series = {}
    for name in analysis.names():
        for cell in cells:
            if found := analysis.interval(cell, name, METRICS["machine_cpu"]):
                rate = analysis.pilots[cell.name]["rate"]
                series.setdefault(name, []).append(
                    (rate, found["median"], found["low"], found["high"]))
    highest = max((point[0] for line in series.values() for point in line), default=1)
    return charts.line_chart(f"Whole-machine CPU an echo against the offered rate, {shape}", series,
                             look, ("echoes a second offered (open loop)", "nanoseconds"),
                             x_ticks=nice_ticks(highest))


def memory(analysis, look):
    rows = []
    for (cell, name), found in analysis.extras("memory").items():
        if name != "kodama-again" and "failed" not in found:
            rows.append((f"{found['connections']:,} connections", name,
                         [found.get("pss_bytes_a_connection"),
                          found["kernel_bytes_a_connection"]]))
    return charts.bar_chart("Bytes an idle connection, after one echo on each", rows, look,
                            ("the server's own (PSS)", "the kernel's, both ends"), " B")


def syscalls(analysis, look):
    rows = [(cell, name, [found["value"]])
            for (cell, name), found in analysis.extras("syscalls").items()
            if name != "kodama-again"]
    return charts.bar_chart("The server's system calls an echo", rows, look, ("calls",), "")
