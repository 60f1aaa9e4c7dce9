"""Who is measured: kodama and its variants, our peers, and servers that run already."""

import dataclasses
import os
import pathlib
import shlex

PEERS = {
    "epoll": "one thread, level-triggered epoll",
    "blocking": "a thread for each connection, blocking calls",
    "io-uring": "io_uring as older echo servers use it",
    "asio": "Boost.Asio with coroutines",
    "sockmap": "in the kernel, by BPF sockmap",
}
IN_KERNEL = {"sockmap"}
BUILT_IN = ("kodama", "kodama-again", *PEERS)


class BadContender(Exception):
    """A contender that cannot be what was asked for."""


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    kind: str  # kodama | peer | target
    description: str = ""
    binary: pathlib.Path | None = None
    arguments: tuple = ()
    address: str | None = None  # of a target
    account: str = "pid"        # where the server's CPU time is read: pid, cgroup, none
    account_of: str = ""        # the pid or cgroup of a target
    in_kernel: bool = False

    @property
    def is_kodama(self):
        return self.kind == "kodama"

    def record(self):
        """What is told of it. Where its program lies is nobody's business."""
        return {"name": self.name, "kind": self.kind, "description": self.description,
                "arguments": " ".join(self.arguments), "in_kernel": self.in_kernel}


def variant(name, binary, arguments, description=""):
    return Contender(name, "kodama", description or f"kodama {shlex.join(arguments)}".strip(),
                     binary, ("--workers", "1", *arguments))


def named_value(text, option):
    name, separator, value = text.partition("=")
    if not separator or not name or not all(c.isalnum() or c in "._-" for c in name):
        raise BadContender(f"{option} '{text}': wanted is NAME=..., of letters, digits, . _ and -")
    return name, value


def kodama_from(text):
    """NAME=PATH[ ARGUMENTS]"""
    name, value = named_value(text, "--kodama")
    words = shlex.split(value)
    if not words or not os.access(words[0], os.X_OK):
        raise BadContender(f"--kodama {name}: there is no such program")
    rest = " ".join(words[1:])
    return variant(name, pathlib.Path(words[0]).resolve(), words[1:],
                   f"another build of kodama {rest}".strip())


def target_from(text):
    """NAME=HOST:PORT[,pid=PID|,cgroup=PATH|,kernel]"""
    name, value = named_value(text, "--target")
    address, *accounts = value.split(",")
    if ":" not in address or len(accounts) > 1:
        raise BadContender(f"--target '{text}': wanted is "
                           "NAME=HOST:PORT[,pid=PID|,cgroup=PATH|,kernel]")
    how, _, of = (accounts or [""])[0].partition("=")
    if how not in {"", "pid", "cgroup", "kernel"} or (how in {"pid", "cgroup"}) != bool(of):
        raise BadContender(f"--target {name}: '{accounts[0]}' is none of pid=PID, cgroup=PATH, "
                           "kernel")
    in_kernel = how == "kernel"
    description = "a server in the kernel" if in_kernel else "a server that ran already"
    return Contender(name, "target", description, address=address,
                     account=how if how in {"pid", "cgroup"} else "none", account_of=of,
                     in_kernel=in_kernel)


def built_in(name, tools):
    if name == "kodama":
        return variant("kodama", tools.find("kodama"), (), "kodama as it is")
    if name == "kodama-again":
        return variant(name, tools.find("kodama"), (),
                       "the same binary once more (A/A control)")
    return Contender(name, "peer", PEERS[name], tools.find(f"echo-{name}"),
                     in_kernel=name in IN_KERNEL)


def chosen(options, tools):
    """([Contender], {name: why it is not measured})"""
    known = {name: built_in(name, tools) for name in BUILT_IN}
    extra = [kodama_from(text) for text in options.kodama]
    for text in options.variant:
        name, value = named_value(text, "--variant")
        extra.append(variant(name, tools.find("kodama"), shlex.split(value)))
    extra += [target_from(text) for text in options.target]
    for contender in extra:
        if contender.name in known:
            raise BadContender(f"'{contender.name}': there is one of that name already")
        known[contender.name] = contender
    names = options.contenders.split(",") if options.contenders else list(known)
    for name in names:
        if name not in known:
            raise BadContender(f"--contenders: '{name}' is none of {', '.join(known)}")
    if "kodama" not in names:
        names.insert(0, "kodama")
    measured, absent = [], {}
    for name in dict.fromkeys(names):
        contender = known[name]
        reason = why_absent(contender)
        if reason:
            absent[name] = reason
        else:
            measured.append(contender)
    return measured, absent


def why_absent(contender):
    if contender.kind == "target":
        return None
    if contender.binary is None:
        return "was not built here"
    if contender.name == "sockmap" and os.geteuid() != 0:
        return "needs root"
    return None


def features_of(kodama, run):
    """The names of the features that --disable takes; `run` runs a program and returns its
    stdout."""
    text = run([kodama, "--help"])
    _, found, rest = text.partition("FEATURE is one of")
    return [name.strip() for name in rest.partition(".")[0].split(",")] if found else []


def ablations(kodama, run):
    """kodama without each of its features, one at a time."""
    return [variant(f"without-{feature}", kodama, ("--disable", feature))
            for feature in features_of(kodama, run)]
