"""Lines and bars."""

from comparison.svg import Drawing, Scale, log_ticks, nice_ticks, short


def line_chart(title, series, look, labels, **how):
    """series: {name: [(x, y, low, high)]} with low and high perhaps None. labels: (x, y).
    how: x_ticks, x_log, y_log, x_text (a function), note."""
    series = {name: points for name, points in series.items() if points}
    if not series:
        return None
    width, height, left, right, bottom = 760, 400, 74, 24, 52
    drawing = Drawing(width, height, title)
    drawing.text(16, 22, title, "title")
    top = 48 + drawing.legend(16, 46, series, look, width - 16 - right)
    points = [point for line in series.values() for point in line]
    highest = max(max(point[1], point[3] or 0) for point in points)
    if how.get("y_log"):
        y_ticks = log_ticks(min(point[1] for point in points), highest)
        y = Scale(y_ticks[0], y_ticks[-1], height - bottom, top, log=True)
    else:
        y_ticks = nice_ticks(highest)
        y = Scale(0, y_ticks[-1], height - bottom, top)
    x_ticks = how.get("x_ticks") or nice_ticks(max(point[0] for point in points))
    x = Scale(x_ticks[0], x_ticks[-1], left + 12, width - right - 12, how.get("x_log", False))
    for tick in y_ticks:
        drawing.line(left, y(tick), width - right, y(tick))
        drawing.text(left - 8, y(tick) + 4, short(tick), "end faint")
    for tick in x_ticks:
        drawing.line(x(tick), height - bottom, x(tick), height - bottom + 5, "axis")
        text = how.get("x_text", short)(tick)
        drawing.text(x(tick), height - bottom + 19, text, "mid faint")
    drawing.line(left, height - bottom, width - right, height - bottom, "axis")
    drawing.text((left + width - right) / 2, height - 12, labels[0], "mid")
    drawing.text(18, (top + height - bottom) / 2, labels[1], "mid",
                 transform=f"rotate(-90 18 {(top + height - bottom) / 2:.0f})")
    # kodama last, so that it lies above its own A/A control.
    for name in sorted(series, key=lambda name: (name == "kodama", name != "kodama-again")):
        draw_line(drawing, sorted(series[name]), (x, y), look, name, how.get("marks", True))
    return drawing.render()


def draw_line(drawing, line, scales, look, name, marks):
    x, y = scales
    colour = look.colour(name)
    if len(line) > 1 and all(point[2] is not None for point in line):
        band = [(x(point[0]), y(point[3])) for point in line]
        band += [(x(point[0]), y(point[2])) for point in reversed(line)]
        drawing.area(band, fill=colour, opacity="0.16")
    drawing.path([(x(point[0]), y(point[1])) for point in line], stroke=colour,
                 stroke_width="2.4" if name == "kodama" else "1.6", stroke_linejoin="round")
    for point in line if marks else ():
        drawing.mark(x(point[0]), y(point[1]), look.shape(name), colour, 4)


def bar_chart(title, rows, look, parts, unit, note=""):
    """rows: [(group, name, [value of each part or None])]; bars are stacked from `parts`."""
    if not rows:
        return None
    width, left, right = 760, 130, 110
    groups = list(dict.fromkeys(group for group, _, _ in rows))
    height = 74 + 22 * len(rows) + 26 * len(groups) + 16
    drawing = Drawing(width, height, title)
    drawing.text(16, 22, title, "title")
    if note:
        drawing.text(16, 41, note, "small faint")
    highest = max(1e-9, *(sum(value or 0 for value in values) for _, _, values in rows))
    x = Scale(0, highest, left, width - right)
    top = 56
    if len(parts) > 1:
        for index, part in enumerate(parts):
            drawing.rect(left + 180 * index, top - 3, 12, 12, fill="var(--faint)",
                         opacity=opacity(index))
            drawing.text(left + 180 * index + 18, top + 8, part, "small")
        top += 16
    for group in groups:
        top += 26
        drawing.text(16, top - 6, group, "faint")
        for _, name, values in (row for row in rows if row[0] == group):
            draw_bar(drawing, top, name, values, x, look, unit)
            top += 22
    return drawing.render()


def opacity(index):
    return ("0.95", "0.45")[index % 2]


def draw_bar(drawing, top, name, values, x, look, unit):
    drawing.text(x.first - 8, top + 13, name, "end")
    known = [value for value in values if value is not None]
    if not known:
        drawing.text(x.first, top + 13, "not measured", "faint small")
        return
    edge = x.first
    for index, value in enumerate(values):
        wide = x(value or 0) - x.first
        drawing.rect(edge, top, max(wide, 0), 16, fill=look.colour(name), opacity=opacity(index))
        edge += max(wide, 0)
    text = " + ".join(f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in known)
    drawing.text(edge + 6, top + 13, f"{text}{unit}", "small")
