"""What makes a run count or not, and who may take part."""

import argparse
import pathlib
import unittest

import path  # noqa: F401 -- finds the modules of bench/
import synthetic

from comparison import cells, contenders, load, tools
from comparison.plan import Plan


def run_with(cell="echo-50x64", **changes):
    """A good run, changed: `tcp=...` replaces, a dotted key reaches inside."""
    plan = Plan("core", (), ("kodama",), (), cells.TIMINGS["core"], 1, "reno")
    made = synthetic.report_of("kodama", cells.cell_named(cell), plan.timing.window,
                               synthetic.random.Random(1), 1000 if "open" in cell else None)
    for key, value in changes.pop("report", {}).items():
        *inside, last = key.split(".")
        place = made
        for name in inside:
            place = place[name]
        place[last] = value
    return {"exit": 0, "said": "", "load": made, **changes}


def kinds(record, cell="echo-50x64"):
    return [kind for kind, _ in load.faults(record, cells.cell_named(cell))]


class Runs(unittest.TestCase):
    def test_a_good_run_counts(self):
        self.assertEqual(kinds(run_with()), [])
        self.assertEqual(kinds(run_with("open-50x512-75"), "open-50x512-75"), [])

    def test_a_wrong_byte_is_another_matter_than_an_error(self):
        self.assertEqual(kinds(run_with(report={"errors.wrong_byte": 1}, exit=1)), ["payload"])
        self.assertEqual(kinds(run_with(report={"errors.reset": 1}, exit=1)), ["error"])

    def test_what_else_makes_a_run_invalid(self):
        for wanted, record in (
                ("retransmits", run_with(report={"tcp.retransmits": 1})),
                ("steal", run_with(report={"cpu.steal_s": 0.02})),
                ("error", run_with(exit=130)),
                ("error", run_with(report={"echoes": 0})),
                ("error", run_with(load=None, said="no answer")),
                ("error", run_with(said="the server ended by itself with -6"))):
            with self.subTest(record["said"] or wanted):
                self.assertEqual(kinds(record), [wanted])

    def test_bulk_may_be_sent_again(self):
        again = {"tcp.retransmits": 1}
        self.assertEqual(kinds(run_with(report=again), "stream-1x64K"), [])
        self.assertEqual(kinds(run_with(report=again), "echo-50x4096"), ["retransmits"])

    def test_one_tick_of_stolen_time_is_no_reason(self):
        self.assertEqual(kinds(run_with(report={"cpu.steal_s": 0.01})), [])

    def test_the_generator_has_to_keep_up_in_an_open_loop_alone(self):
        late = {"kept_up": False}
        self.assertEqual(kinds(run_with("open-50x512-75", report=late), "open-50x512-75"),
                         ["generator"])
        self.assertEqual(kinds(run_with(report=late)), [])

    def test_closed_loops_keep_no_latencies(self):
        cell = cells.cell_named("echo-1x64")
        kept = load.kept({"target": "127.0.0.1:1", "latency_us": {}, "echoes": 1}, cell)
        self.assertEqual(kept, {"echoes": 1})


class Contenders(unittest.TestCase):
    def test_targets(self):
        target = contenders.target_from("kecho=127.0.0.1:12345,kernel")
        self.assertTrue(target.in_kernel)
        self.assertEqual((target.name, target.address), ("kecho", "127.0.0.1:12345"))
        target = contenders.target_from("other=[::1]:7,pid=123")
        self.assertEqual((target.address, target.account, target.account_of),
                         ("[::1]:7", "pid", "123"))

    def test_what_is_no_target_is_refused(self):
        for text in ("x", "=1:2", "x=host", "x=h:1,pid", "x=h:1,kernel=2", "x=h:1,kernel,pid=3",
                     "a b=h:1"):
            with self.subTest(text), self.assertRaises(contenders.BadContender):
                contenders.target_from(text)

    def test_who_was_not_built_is_told(self):
        options = argparse.Namespace(kodama=[], variant=["slow=--disable no-iowait"], target=[],
                                     contenders="epoll,slow")
        nothing = tools.Tools(pathlib.Path(__file__).parent)
        measured, absent = contenders.chosen(options, nothing)
        self.assertEqual(measured, [])
        self.assertEqual(list(absent), ["kodama", "epoll", "slow"])

    def test_unknown_names_and_names_taken_are_refused(self):
        for changes in ({"contenders": "epol"}, {"variant": ["epoll=--x"]}):
            options = argparse.Namespace(**{"kodama": [], "variant": [], "target": [],
                                            "contenders": None, **changes})
            with self.subTest(changes), self.assertRaises(contenders.BadContender):
                contenders.chosen(options, tools.Tools(pathlib.Path(__file__).parent))

    def test_what_is_written_tells_no_folder(self):
        text = f"cannot open {tools.ROOT}/build/x and /home/somebody/secret/thing"
        self.assertEqual(tools.scrubbed(text), "cannot open x and thing")


if __name__ == "__main__":
    unittest.main()
