"""What a campaign measures, how long that takes, and in which order."""

import dataclasses
import random

from comparison import cells as matrix

# Seconds that a run takes beside its warm-up and window: start and end of server and client.
OVERHEAD = 0.3
OVERHEAD_A_CONNECTION = 0.0002
CONFORM_SECONDS = 4.0
EXTRA_SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class Plan:
    set_name: str
    cells: tuple       # of Cell
    contenders: tuple  # of names
    ablations: tuple   # of names, measured in the cells of matrix.ABLATION alone
    timing: matrix.Timing
    seed: int
    congestion: str

    @property
    def timed_cells(self):
        return [cell for cell in self.cells if not cell.once]

    @property
    def once_cells(self):
        return [cell for cell in self.cells if cell.once]

    def contenders_of(self, cell):
        """Names; kodama's ablations only where they belong."""
        if cell.name in matrix.ABLATION:
            return list(self.contenders)
        return [name for name in self.contenders if name not in self.ablations]

    def blocks(self):
        """(cell, block): each block of all cells, shuffled, before the next."""
        for block in range(1, self.timing.blocks + 1):
            order = list(self.timed_cells)
            random.Random(f"{self.seed}/{block}").shuffle(order)
            yield from ((cell, block) for cell in order)

    def order(self, cell, block, attempt, names):
        shuffled = list(names)
        random.Random(f"{self.seed}/{cell.name}/{block}/{attempt}").shuffle(shuffled)
        return shuffled

    def seconds_of_run(self, cell):
        timing = self.timing
        return (timing.warm_up + timing.window + OVERHEAD
                + OVERHEAD_A_CONNECTION * cell.connections)

    def estimated_seconds(self):
        total = (CONFORM_SECONDS + EXTRA_SECONDS) * len(self.contenders)
        for cell in self.timed_cells:
            runs = len(self.contenders_of(cell)) * self.timing.blocks
            total += runs * self.seconds_of_run(cell)
        shapes = {cell.shape for cell in self.timed_cells if cell.open_loop}
        total += len(shapes) * len(self.contenders) * (self.timing.warm_up + self.timing.window + 1)
        total += sum(len(self.contenders) * (2.0 + 0.0002 * cell.connections)
                     for cell in self.once_cells)
        return total

    def described(self):
        """What is printed before the start."""
        runs = sum(len(self.contenders_of(cell)) for cell in self.timed_cells)
        runs *= self.timing.blocks
        return (f"{len(self.cells)} cells, {len(self.contenders)} contenders "
                f"({', '.join(self.contenders)}), {self.timing.blocks} blocks: "
                f"{runs} runs of {self.timing.warm_up:g} s warm-up and {self.timing.window:g} s; "
                f"about {self.estimated_seconds() / 60:.0f} minutes in all")

    def record(self):
        return {"record": "campaign", "set": self.set_name,
                "cells": [cell.name for cell in self.cells],
                "contenders": list(self.contenders), "ablations": list(self.ablations),
                "timing": dataclasses.asdict(self.timing), "seed": self.seed,
                "congestion": self.congestion}


def plan_from_record(record):
    return Plan(record["set"], tuple(matrix.cells_named(record["cells"])),
                tuple(record["contenders"]), tuple(record["ablations"]),
                matrix.Timing(**record["timing"]), record["seed"], record["congestion"])
