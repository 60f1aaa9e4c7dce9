"""Statistics of pairs: medians of ratios within blocks, with exact intervals."""

import math
import random
import statistics

CONFIDENCE_WANTED = 0.95
MARGIN = 0.01  # nothing closer to 1 than this is told as a difference
BOOTSTRAPS = 1000


def interval_rank(count):
    """(rank, confidence): the median lies between the rank-th smallest and the rank-th largest of
    `count` independent values with that confidence, whatever their distribution (binomial)."""
    if count < 1:
        return None, 0.0
    best = (1, 1.0 - 2.0 * 0.5**count)
    below = 1  # the number of ways for fewer than `rank` values to lie below the median
    for rank in range(2, count // 2 + 1):
        below += math.comb(count, rank - 1)
        confidence = 1.0 - 2.0 * below / 2**count
        if confidence < CONFIDENCE_WANTED:
            break
        best = (rank, confidence)
    return best


def median_interval(values):
    """{median, low, high, count, confidence}; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    rank, confidence = interval_rank(len(ordered))
    return {"median": statistics.median(ordered), "low": ordered[rank - 1],
            "high": ordered[-rank], "count": len(ordered), "confidence": max(confidence, 0.0)}


def ratio_interval(ours, theirs):
    """The same of the ratios ours/theirs of equal blocks; both are {block: value}."""
    logs = log_ratios(ours, theirs)
    found = median_interval(logs)
    if found:
        for key in ("median", "low", "high"):
            found[key] = math.exp(found[key])
    return found


def log_ratios(ours, theirs):
    return [math.log(ours[block] / theirs[block]) for block in sorted(ours)
            if theirs.get(block) and ours[block]]


def noise(found):
    """How far from 1 the interval of an A/A control reaches."""
    return max(found["high"], 1.0 / found["low"]) - 1.0


def threshold(delta):
    return 1.0 + max(MARGIN, delta or 0.0)


def verdict(found, delta):
    """The decision rule, fixed in advance: a difference is told only if the whole interval lies
    beyond what the A/A control moved by chance, and beyond one per cent. Above 1 is ahead."""
    if found is None or found["confidence"] < CONFIDENCE_WANTED or delta is None:
        return "too few blocks"
    limit = threshold(delta)
    if found["low"] > limit:
        return "ahead"
    if found["high"] < 1.0 / limit:
        return "behind"
    return "no difference shown"


def geometric_mean(log_ratios_of_cells, seed=1):
    """{mean, low, high} over cells of the median ratios; the interval is from resampling blocks."""
    cells = [logs for logs in log_ratios_of_cells if logs]
    if not cells:
        return None
    generator = random.Random(seed)
    means = []
    for _ in range(BOOTSTRAPS):
        resampled = (sorted(generator.choices(logs, k=len(logs))) for logs in cells)
        means.append(statistics.fmean((one[len(one) // 2] + one[(len(one) - 1) // 2]) / 2
                                      for one in resampled))
    means.sort()
    mean = statistics.fmean(statistics.median(logs) for logs in cells)
    return {"mean": math.exp(mean), "low": math.exp(means[int(0.025 * BOOTSTRAPS)]),
            "high": math.exp(means[int(0.975 * BOOTSTRAPS)]), "cells": len(cells)}
