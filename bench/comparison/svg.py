"""Drawing with text: a few primitives, axes and legends. What is drawn depends on the input
alone."""

import html
import math

# Told apart by hue, lightness and shape, on white and on black.
COLOURS = {"kodama": "#e4572e", "kodama-again": "#eea58f", "epoll": "#3b8fd9",
           "blocking": "#8a8f98", "io-uring": "#2fa37c", "asio": "#a86fd1", "sockmap": "#c99a12"}
MORE_COLOURS = ("#1aa7b5", "#d96ba0", "#9a7b4f", "#6f8f2f", "#7a7fd9", "#c9564f")
SHAPES = ("circle", "square", "triangle", "diamond", "down", "cross")

STYLE = """
  svg.plot { --ink: #1d2330; --faint: #667085; --grid: #e3e6ec; --band: #dfe4ee;
    --paper: #ffffff; --ahead: #1f7a4d; --behind: #c8321f;
    font-family: system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif; }
  @media (prefers-color-scheme: dark) { svg.plot { --ink: #e8eaf0; --faint: #9aa3b5;
    --grid: #2c323f; --band: #333b4d; --paper: #161a22; --ahead: #5fc794; --behind: #ff7a66; } }
  svg.plot text { fill: var(--ink); font-size: 12px; }
  svg.plot .faint { fill: var(--faint); } svg.plot .small { font-size: 11px; }
  svg.plot .title { font-size: 15px; font-weight: 600; } svg.plot .mid { text-anchor: middle; }
  svg.plot .end { text-anchor: end; } svg.plot .grid { stroke: var(--grid); stroke-width: 1; }
  svg.plot .axis { stroke: var(--faint); stroke-width: 1; } svg.plot .band { fill: var(--band); }
  svg.plot .paper { fill: var(--paper); } svg.plot .ahead { fill: var(--ahead); }
  svg.plot .behind { fill: var(--behind); } svg.plot .same { fill: var(--faint); }
  svg.plot line.ahead { stroke: var(--ahead); } svg.plot line.behind { stroke: var(--behind); }
  svg.plot line.same { stroke: var(--faint); }
"""


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


class Drawing:
    def __init__(self, width, height, title):
        self.width, self.height, self.title = width, height, title
        self.parts = []

    def add(self, tag, text=None, **attributes):
        words = "".join(f' {key.rstrip("_").replace("_", "-")}="'
                        f'{number(value) if isinstance(value, (int, float)) else value}"'
                        for key, value in attributes.items() if value is not None)
        inside = "" if text is None else html.escape(str(text), quote=False)
        self.parts.append(f"<{tag}{words}>{inside}</{tag}>" if text is not None
                          else f"<{tag}{words}/>")

    def text(self, x, y, text, class_="", **attributes):
        self.add("text", text, x=x, y=y, class_=class_ or None, **attributes)

    def line(self, x1, y1, x2, y2, class_="grid", **attributes):
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_, **attributes)

    def rect(self, x, y, width, height, class_=None, **attributes):
        self.add("rect", x=x, y=y, width=max(width, 0), height=height, class_=class_, **attributes)

    def path(self, points, **attributes):
        self.add("polyline", points=" ".join(f"{number(x)},{number(y)}" for x, y in points),
                 fill="none", **attributes)

    def area(self, points, **attributes):
        self.add("polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in points),
                 **attributes)

    def mark(self, x, y, shape, colour, size=4.5):
        corners = {"square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
                   "triangle": ((0, -1.2), (1.15, 0.9), (-1.15, 0.9)),
                   "down": ((0, 1.2), (1.15, -0.9), (-1.15, -0.9)),
                   "diamond": ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
                   "cross": ((-1.1, -.35), (-.35, -.35), (-.35, -1.1), (.35, -1.1), (.35, -.35),
                             (1.1, -.35), (1.1, .35), (.35, .35), (.35, 1.1), (-.35, 1.1),
                             (-.35, .35), (-1.1, .35))}.get(shape)
        if corners is None:
            self.add("circle", cx=x, cy=y, r=size, fill=colour)
        else:
            scale = 0.92 * size
            self.area([(x + scale * dx, y + scale * dy) for dx, dy in corners], fill=colour)

    def legend(self, x, y, names, look, width=None):
        """Entries from left to right; returns the height that they took."""
        left, top = x, y
        for name in names:
            wide = 30 + 7 * len(name)
            if width and left > x and left + wide > x + width:
                left, top = x, top + 18
            self.mark(left + 6, top - 4, look.shape(name), look.colour(name))
            self.text(left + 16, top, name)
            left += wide
        return top - y + 18

    def render(self, own_style=False):
        style = f"<style>{STYLE}</style>" if own_style else ""
        return (f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" '
                f'viewBox="0 0 {number(self.width)} {number(self.height)}" '
                f'width="{number(self.width)}" height="{number(self.height)}">'
                f"<title>{html.escape(self.title)}</title>{style}" + "\n".join(self.parts)
                + "</svg>")


class Look:
    """The colour and shape of each contender, the same in all plots."""

    def __init__(self, names):
        fixed = list(COLOURS)
        others = [name for name in names if name not in COLOURS]
        self.colours = dict(COLOURS)
        self.colours |= {name: MORE_COLOURS[index % len(MORE_COLOURS)]
                         for index, name in enumerate(others)}
        self.shapes = {name: SHAPES[max(0, fixed.index(name) - 1) % len(SHAPES)]
                       for name in fixed}
        self.shapes |= {name: SHAPES[(index + 2) % len(SHAPES)]
                        for index, name in enumerate(others)}

    def colour(self, name):
        return self.colours[name]

    def shape(self, name):
        return self.shapes[name]


class Scale:
    """From values to pixels."""

    def __init__(self, low, high, first, last, log=False):
        self.low, self.high, self.first, self.last, self.log = low, high, first, last, log

    def __call__(self, value):
        if self.log:
            value = max(value, self.low / 10)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def clamped(self, value):
        return self(min(max(value, self.low), self.high))


def nice_ticks(high, wanted=5):
    """Ticks from 0 to at least `high`."""
    rough = high / wanted
    power = 10 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough)
    return [index * step for index in range(math.ceil(high / step - 1e-9) + 1)]


def log_ticks(low, high):
    """Powers of ten from at most `low` to at least `high`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def ratio_ticks(low, high, apart=1.0):
    """Ticks for ratios around 1, on a log scale. `apart`: they differ by this factor at least."""
    wanted = (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 3, 5, 10, 20,
              50, 100)
    if high / low < 1.35:
        wanted = [round(0.7 + 0.05 * index, 2) for index in range(14)]
    kept = [1.0]
    for tick in sorted((tick for tick in wanted if low <= tick <= high and tick != 1.0),
                       key=lambda tick: abs(math.log(tick))):
        if all(abs(math.log(tick / other)) >= math.log(apart) for other in kept):
            kept.append(tick)
    return sorted(kept)


def short(value):
    """12345 -> 12.3k"""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"
