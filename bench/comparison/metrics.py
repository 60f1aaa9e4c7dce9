"""What is compared. Ratios are always written so that above 1 is in kodama's favour."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    title: str
    unit: str
    path: tuple
    more_is_better: bool = False
    user_space: bool = False  # has no meaning for servers in the kernel
    loops: tuple = ("closed", "open")


METRICS = {metric.name: metric for metric in (
    Metric("server_cpu", "server CPU an echo", "ns", ("cpu", "server_ns_per_echo"),
           user_space=True),
    Metric("machine_cpu", "whole-machine CPU an echo", "ns", ("cpu", "machine_ns_per_echo")),
    Metric("throughput", "throughput", "/s", ("echoes_per_s",), more_is_better=True,
           loops=("closed",)),
    Metric("p50", "latency p50", "us", ("latency_us", "p50"), loops=("open",)),
    Metric("p99", "latency p99", "us", ("latency_us", "p99"), loops=("open",)),
)}


def metrics_of(cell):
    loop = "open" if cell.open_loop else "closed"
    return [metric for metric in METRICS.values() if loop in metric.loops]


def value_of(report, metric):
    """The figure in what kodama-load printed, or None."""
    value = report
    for key in metric.path:
        value = (value or {}).get(key)
    return value
