"""Ratios, a line each, with their intervals and the noise floor."""

import math

from comparison.analysis import AHEAD, BEHIND
from comparison.metrics import METRICS, metrics_of
from comparison.paired import threshold
from comparison.svg import Drawing, Scale, ratio_ticks

CLASSES = {AHEAD: "ahead", BEHIND: "behind"}
WIDTH = 800


def limits(values):
    """The range that shows them all, around 1, and a little more."""
    low, high = min([*values, 0.97]), max([*values, 1.03])
    return low / 1.03, high * 1.03


def sense(metric):
    return "kodama : peer" if metric.more_is_better else "peer : kodama"


def forest(comparisons, title, subtitle, right_is="kodama ahead"):
    """A line for each comparison, in their order."""
    if not comparisons:
        return None
    left, right, top, row = 236, 176, 84, 24
    height = top + row * len(comparisons) + 34
    drawing = Drawing(WIDTH, height, title)
    drawing.text(16, 22, title, "title")
    drawing.text(16, 41, subtitle, "small faint")
    low, high = limits([one[key] for one in comparisons for key in ("low", "high")])
    x = Scale(low, high, left, WIDTH - right, log=True)
    bottom = height - 30
    for tick in ratio_ticks(low, high, (high / low) ** 0.09):
        drawing.line(x(tick), top - 10, x(tick), bottom)
        drawing.text(x(tick), bottom + 18, f"{tick:g}", "mid faint")
    drawing.text(x(1) - 8, top - 16, "◂ kodama behind", "end small faint")
    drawing.text(x(1) + 8, top - 16, f"{right_is} ▸", "small faint")
    for index, one in enumerate(comparisons):
        draw_row(drawing, one, x, top + row * index, row)
    drawing.line(x(1), top - 10, x(1), bottom, "axis")
    return drawing.render()


def draw_row(drawing, one, x, top, row):
    kind, middle = CLASSES.get(one["verdict"], "same"), top + row / 2
    if one["delta"] is not None:
        limit = threshold(one["delta"])
        first, last = x.clamped(1 / limit), x.clamped(limit)
        drawing.rect(first, top + 1, last - first, row - 2, "band")
    drawing.text(16, middle + 4, one["cell"].name)
    drawing.text(x.first - 8, middle + 4, f"vs {one['against']}", "end small faint")
    drawing.line(x(one["low"]), middle, x(one["high"]), middle, kind, stroke_width=2)
    for end in ("low", "high"):
        drawing.line(x(one[end]), middle - 4, x(one[end]), middle + 4, kind, stroke_width=1.5)
    drawing.add("circle", cx=x(one["median"]), cy=middle, r=4, class_=kind)
    drawing.text(WIDTH - 16, middle + 4,
                 f"{one['median']:.3f} [{one['low']:.3f}, {one['high']:.3f}]", f"end small {kind}")


def summary(analysis, look, footer):
    """For the README: what the server's CPU costs an echo, relative to kodama's."""
    metric = METRICS["server_cpu"]
    rows = []
    for cell in analysis.cells:
        found = {}
        for name in analysis.others():
            one = analysis.comparison(cell, name, metric) if metric in metrics_of(cell) else None
            if one and analysis.ranked(name):
                found[name] = one
        if found:
            rows.append((cell, found))
    if not rows:
        return None
    rows.sort(key=lambda row: min(one["median"] for one in row[1].values()))
    names = [name for name in analysis.names() if any(name in found for _, found in rows)]
    left, right, top, row = 148, 30, 104, 25
    height = top + row * len(rows) + 78
    title = "Server CPU an echo, in multiples of kodama's"
    drawing = Drawing(WIDTH, height, title)
    drawing.rect(0, 0, WIDTH, height, "paper", rx=8)
    drawing.text(16, 27, title, "title")
    drawing.text(16, 46, "Right of 1: the other server needs more CPU than kodama. "
                 "Cells where kodama does worst come first.", "small faint")
    drawing.legend(16, 70, ["kodama", *names], look)
    spread = [one[key] for _, found in rows for one in found.values() for key in ("low", "high")]
    low, high = limits(spread)
    x = Scale(low, high, left, WIDTH - right, log=True)
    bottom = top + row * len(rows)
    for tick in ratio_ticks(low, high, (high / low) ** 0.055):
        drawing.line(x(tick), top - 8, x(tick), bottom)
        drawing.text(x(tick), bottom + 18, f"{tick:g}", "mid faint")
    for index, (cell, found) in enumerate(rows):
        summary_row(drawing, analysis.delta(cell, metric), cell, found, x, top + row * index, look)
    drawing.line(x(1), top - 8, x(1), bottom, None, stroke=look.colour("kodama"), stroke_width=2)
    for index, line in enumerate(footer):
        drawing.text(16, bottom + 44 + 16 * index, line, "small faint")
    return drawing.render(own_style=True)


def summary_row(drawing, delta, cell, found, x, top, look):
    middle = top + 12.5
    if delta is not None:
        first, last = (x.clamped(value) for value in (1 / threshold(delta), threshold(delta)))
        drawing.rect(first, top + 1, last - first, 23, "band")
    drawing.text(16, middle + 4, cell.name)
    for name, one in sorted(found.items(), key=lambda item: -math.log(item[1]["median"])):
        drawing.line(x(one["low"]), middle, x(one["high"]), middle, None, stroke_width=2,
                     stroke=look.colour(name), opacity="0.7")
        drawing.mark(x(one["median"]), middle, look.shape(name), look.colour(name), 5)
