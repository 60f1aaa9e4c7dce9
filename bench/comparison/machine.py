"""The machine card: what a reader has to know about where figures come from. No names of hosts,
users or folders."""

import datetime
import os
import pathlib
import platform
import re
import resource
import sys
import time

from comparison import sysctl
from comparison.tools import ROOT, output_of, text_of

SYSCTLS = """net.ipv4.tcp_congestion_control net.ipv4.tcp_available_congestion_control
    net.core.default_qdisc net.ipv4.tcp_rmem net.ipv4.tcp_wmem net.core.rmem_max net.core.wmem_max
    net.core.somaxconn net.core.netdev_max_backlog net.core.busy_poll net.core.busy_read
    net.core.bpf_jit_enable net.ipv4.ip_local_port_range net.ipv4.tcp_tw_reuse
    net.ipv4.tcp_autocorking net.ipv4.tcp_no_metrics_save net.ipv4.tcp_max_syn_backlog
    kernel.io_uring_disabled kernel.randomize_va_space kernel.numa_balancing
    kernel.perf_event_paranoid kernel.timer_migration fs.file-max""".split()
# The rest of the command line may say where the machine stands.
BOOT_OPTIONS = {"mitigations", "isolcpus", "nohz", "nohz_full", "rcu_nocbs", "idle", "preempt",
                "nosmt", "processor.max_cstate", "intel_idle.max_cstate", "amd_pstate",
                "intel_pstate", "transparent_hugepage", "skew_tick", "tsc", "clocksource",
                "nopti", "nospectre_v2", "spectre_v2", "init_on_alloc"}


def cpu():
    info = text_of("/proc/cpuinfo") or ""

    def first(key):
        found = re.search(rf"^{key}\s*:\s*(.+)$", info, re.M)
        return found[1].strip() if found else None
    caches = {}
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind = text_of(index / "level"), text_of(index / "type")
        caches[f"L{level} {kind}".lower().replace("l", "L", 1)] = text_of(index / "size")
    return {"model": first("model name"), "cores_usable": len(os.sched_getaffinity(0)),
            "cores": os.cpu_count(), "caches": caches, "MHz": first("cpu MHz"),
            "virtual_machine": "hypervisor" in (first("flags") or "").split(),
            "governor": text_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            "smt_active": text_of("/sys/devices/system/cpu/smt/active")}


def git_revision():
    revision = output_of(["git", "-C", ROOT, "rev-parse", "--short=10", "HEAD"])
    if not revision:
        return {"hash": "unknown", "dirty": None}
    changes = output_of(["git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no"])
    return {"hash": revision, "dirty": bool(changes)}


def limits():
    result = {}
    for name in ("NOFILE", "MEMLOCK", "NPROC"):
        pair = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))
        result[name.lower()] = ["unlimited" if one == resource.RLIM_INFINITY else one
                                for one in pair]
    return result


def getppid_nanoseconds():
    """What a system call that does nothing costs, with Python's share taken off."""
    def timed(function):
        best = None
        for _ in range(5):
            start = time.perf_counter_ns()
            for _ in range(20_000):
                function()
            spent = (time.perf_counter_ns() - start) / 20_000
            best = spent if best is None else min(best, spent)
        return best
    return round(timed(os.getppid) - timed(sys.getrecursionlimit), 1)


def boot_options():
    words = (text_of("/proc/cmdline") or "").split()
    return [word for word in words if word.partition("=")[0] in BOOT_OPTIONS]


def card(tools, cpus, congestion):
    vulnerabilities = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    mitigations = {path.name: text_of(path) for path in sorted(vulnerabilities.glob("*"))}
    values = {name: text_of("/proc/sys/" + name.replace(".", "/")) for name in SYSCTLS}
    values["net.ipv4.tcp_congestion_control"] = sysctl.current()
    sources = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    version = {name: output_of([tools.find(name), "--version"]).partition("\n")[0]
               for name in ("kodama", "kodama-load", "kodama-conform") if tools.find(name)}
    version |= {"meson": tools.meson_version(), "python": platform.python_version(),
                "perf": output_of(["perf", "--version"])}
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "git": git_revision(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "distribution": platform.freedesktop_os_release().get("PRETTY_NAME"),
        "cpu": cpu(),
        "memory_kib": int(re.search(r"MemTotal:\s+(\d+)", text_of("/proc/meminfo"))[1]),
        "clocksource": text_of(sources),
        "pinning": cpus.describe(),
        "congestion": congestion,
        "boot_options": boot_options(),
        "mitigations": {name: value for name, value in mitigations.items()
                        if value != "Not affected"},
        "not_affected_by": [name for name, value in mitigations.items()
                            if value == "Not affected"],
        "sysctls": {name: value for name, value in values.items() if value is not None},
        "limits": limits(),
        "transparent_hugepages": text_of("/sys/kernel/mm/transparent_hugepage/enabled"),
        "loopback_rps_cpus": text_of("/sys/class/net/lo/queues/rx-0/rps_cpus"),
        "loopback_mtu": text_of("/sys/class/net/lo/mtu"),
        "getppid_ns": getppid_nanoseconds(),
        "compiler": tools.compiler(),
        "build": tools.build_options(),
        "versions": version,
    }


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


def busy_share(seconds=1.0):
    """How much of all CPUs is used, by whomever, while we wait."""
    def ticks():
        first, _, _ = (text_of("/proc/stat") or "cpu 0 0 0 0 0").partition("\n")
        values = list(map(int, first.split()[1:9]))
        return sum(values), sum(values[3:5])
    before = ticks()
    time.sleep(seconds)
    after = ticks()
    total = after[0] - before[0]
    return 1 - (after[1] - before[1]) / total if total > 0 else 0.0
