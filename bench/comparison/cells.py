"""The cells of the workload matrix: what their names mean, and which set they belong to."""

import dataclasses
import re

MIXED_SIZES = "64,512,4096"

# The part of the matrix that decides.
CORE = ("echo-1x64 echo-2x64 echo-4x64 echo-8x64 echo-50x64 echo-1000x64 echo-50x4096 "
        "echo-50x64K echo-50x1M depth16-50x64 mixed-50 stream-1x64K churn-64 open-50x512-75 "
        "idle-1000").split()
# Few and short: whether everything works, and no claims.
QUICK = "echo-50x64 depth16-50x64 open-50x512-50 idle-100".split()
# Where kodama is measured without each of its features, in the full matrix.
ABLATION = "echo-1x64 echo-50x64 echo-1000x64 depth16-50x64 stream-1x64K churn-64".split()


def full():
    names = [f"echo-{connections}x{size}" for size in (64, 512, 4096)
             for connections in (1, 2, 4, 8, 50, 128, 512, 1000)]
    names += [f"echo-50x{size}" for size in ("1", "1460", "16K", "64K", "1M")]
    names += [f"depth{depth}-{connections}x64" for connections in (1, 50) for depth in (4, 16, 64)]
    names += ["mixed-50", "churn-1", "churn-64", "stream-1x64K", "stream-8x64K"]
    names += [f"open-{connections}x512-{percent}" for connections in (50, 512)
              for percent in (25, 50, 75, 90)]
    names += ["slow-50x512-50"]
    names += [f"idle-{connections}" for connections in (100, 1000, 10000, 19000)]
    return names


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds, and how many blocks count."""
    warm_up: float
    window: float
    blocks: int


TIMINGS = {"quick": Timing(0.15, 0.5, 6), "core": Timing(0.25, 0.85, 12),
           "full": Timing(1.0, 3.0, 12)}


class UnknownCell(Exception):
    """The name of a cell that means nothing."""


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    kind: str
    connections: int
    size: str = "64"
    depth: int = 1
    percent: int | None = None  # of the best peer's peak: open loop
    slow_readers: int = 0

    @property
    def open_loop(self):
        return self.percent is not None

    @property
    def once(self):
        """Measured once for each contender, and not timed."""
        return self.kind == "idle"

    @property
    def bulk(self):
        """So much at once that TCP sends some of it again, on loopback and for every server."""
        return self.kind == "stream" or self.size.endswith("M") or self.size == "64K"

    @property
    def shape(self):
        """What an open loop's peak is found with."""
        return f"{self.connections}x{self.size}"

    @property
    def unit(self):
        """What is counted, in the plural."""
        return {"churn": "connections", "stream": f"writes of {self.size}"}.get(self.kind, "echoes")

    @property
    def description(self):
        many = f"{self.connections:,} connection{'s' if self.connections > 1 else ''}"
        size = f"{self.size} B" if self.size.isdigit() else f"{self.size}iB"
        if self.kind == "depth":
            return f"{many}, {size}, {self.depth} messages in flight each"
        if self.kind == "mixed":
            return f"{many}, messages of {' B, '.join(self.size.split(','))} B in turn"
        if self.kind == "stream":
            return f"{many}, writing {size} at a time without waiting"
        if self.kind == "churn":
            return f"connect, one echo of {size}, close; {self.connections} at once"
        if self.kind == "idle":
            return f"{many} that say nothing"
        if self.kind == "slow":
            return (f"{many}, {size}, open loop at {self.percent} % of the peak, and "
                    f"{self.slow_readers} more that never read")
        if self.kind == "open":
            return f"{many}, {size}, open loop at {self.percent} % of the best peer's peak"
        return f"{many}, {size}"

    def load_arguments(self, rate=None):
        """For kodama-load, without durations. `rate` is for open loops."""
        arguments = ["--connections", str(self.connections), "--size", self.size]
        if self.depth > 1:
            arguments += ["--depth", str(self.depth)]
        if self.kind in {"churn", "stream"}:
            arguments.append(f"--{self.kind}")
        if self.open_loop:
            arguments += ["--rate", str(round(rate)), "--arrivals", "poisson"]
        if self.slow_readers:
            arguments += ["--slow-readers", str(self.slow_readers)]
        return arguments


def cell_named(name):
    size = r"(?P<size>[1-9]\d*[KM]?)"
    patterns = {
        "echo": rf"echo-(?P<connections>\d+)x{size}",
        "depth": rf"depth(?P<depth>\d+)-(?P<connections>\d+)x{size}",
        "mixed": r"mixed-(?P<connections>\d+)",
        "stream": rf"stream-(?P<connections>\d+)(x{size})?",
        "churn": r"churn-(?P<connections>\d+)",
        "open": rf"open-(?P<connections>\d+)x{size}-(?P<percent>\d+)",
        "slow": rf"slow-(?P<connections>\d+)x{size}-(?P<percent>\d+)",
        "idle": r"idle-(?P<connections>\d+)",
    }
    for kind, pattern in patterns.items():
        if found := re.fullmatch(pattern, name):
            parts = found.groupdict()
            break
    else:
        raise UnknownCell(f"'{name}' is not the name of a cell: see --list")
    numbers = {key: int(parts[key]) for key in ("connections", "depth", "percent")
               if parts.get(key) is not None}
    if min(numbers.values()) < 1 or numbers.get("percent", 1) > 100:
        raise UnknownCell(f"'{name}': a number in it is out of range")
    default_size = {"mixed": MIXED_SIZES, "stream": "64K"}.get(kind, "64")
    cell = Cell(name, kind, size=parts.get("size") or default_size, **numbers)
    if kind == "stream":
        cell = dataclasses.replace(cell, name=f"stream-{cell.shape}")
    if kind == "slow":
        cell = dataclasses.replace(cell, slow_readers=max(1, cell.connections // 10))
    return cell


def cells_named(names):
    """In the order given, each once."""
    return list({cell.name: cell for cell in map(cell_named, names)}.values())


def listing():
    """What --list prints."""
    sets = {"quick": set(QUICK), "core": set(CORE), "full": set(full())}
    names = list(dict.fromkeys([*QUICK, *CORE, *full()]))
    order = ["echo", "depth", "mixed", "stream", "churn", "open", "slow", "idle"]
    cells = sorted(cells_named(names), key=lambda cell: order.index(cell.kind))
    lines = []
    for cell in cells:
        members = " ".join(name if cell.name in sets[name] else " " * len(name) for name in sets)
        lines.append(f"{cell.name:<18} {members}  {cell.description}")
    return "\n".join(lines)
