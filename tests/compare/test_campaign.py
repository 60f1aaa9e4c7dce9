"""Whole campaigns, of programs that pretend."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import fakes
import path

from comparison import sysctl

TIMEOUT = 100
TWO_BLOCKS = ("--cells", "echo-8x64", "--contenders", "kodama,epoll", "--blocks", "2")
FOUR_BLOCKS = ("--cells", "echo-8x64", "--contenders", "kodama,epoll", "--blocks", "4")


class Campaigns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bytecode = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.bytecode.cleanup)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.build = fakes.make_build_folder(self.folder / "build")
        self.output = self.folder / "results"

    def command(self, *arguments):
        # With the congestion control that the machine has, so that nothing is changed.
        return [sys.executable, str(path.ROOT / "bench" / "compare"), "--build-folder", self.build,
                "--congestion", sysctl.current(), *arguments]

    def environment(self, **faults):
        return {**os.environ, "KODAMA_FAKE": json.dumps(faults),
                "PYTHONPYCACHEPREFIX": self.bytecode.name}

    def compare(self, *arguments, **faults):
        where = () if "--resume" in arguments else ("--output", str(self.output))
        return subprocess.run(self.command(*where, *arguments), capture_output=True, text=True,
                              timeout=TIMEOUT, check=False, env=self.environment(**faults))

    def records(self, kind):
        lines = (self.output / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [record for record in map(json.loads, lines) if record["record"] == kind]

    def test_measures_ranks_and_reports(self):
        done = self.compare("--cells", "echo-8x64", "--blocks", "6",
                            "--contenders", "kodama,kodama-again,epoll,asio")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("not measured: asio: was not built here", done.stderr)
        self.assertIn("| echo-8x64 | ahead | epoll | 1.250 [1.250, 1.250] |", done.stdout)
        self.assertEqual({name.name for name in self.output.iterdir()},
                         {"results.jsonl", "machine.json", "report.md", "report.html",
                          "summary.svg"})
        blocks = {one["block"] for one in self.records("block") if one["valid"]}
        self.assertEqual(blocks, set(range(1, 7)), done.stderr)

    def test_finds_the_rate_of_an_open_loop_and_what_an_idle_connection_takes(self):
        done = self.compare("--cells", "open-4x512-50,idle-10", "--blocks", "1",
                            "--contenders", "kodama,epoll")
        self.assertEqual(done.returncode, 0, done.stderr)
        pilot = next(one for one in self.records("pilot") if one["cell"] == "open-4x512-50")
        self.assertEqual(pilot["rate"], 100_000)
        memory = self.records("extra")
        self.assertEqual([one["connections"] for one in memory], [10, 10])
        self.assertGreater(memory[0]["rss_bytes"], 0)

    def test_discards_a_block_whole_and_repeats_it(self):
        done = self.compare(*TWO_BLOCKS, **{"echo-epoll": ["retransmits", 2]})
        self.assertEqual(done.returncode, 0, done.stderr)
        discarded = [one for one in self.records("block") if not one["valid"]]
        self.assertEqual([(one["block"], one["attempt"]) for one in discarded], [(1, 1), (1, 2)])
        self.assertEqual(sum(one["valid"] for one in self.records("block")), 2)
        self.assertIn("2 were discarded whole (retransmits: 2)", done.stdout)

    def test_takes_out_of_a_cell_who_spoils_it(self):
        done = self.compare(*TWO_BLOCKS, **{"echo-epoll": ["error", 1000]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("**epoll** was taken out of echo-8x64: 2 reset", done.stdout)
        self.assertEqual(sum(one["valid"] for one in self.records("block")), 1)

    def test_takes_out_of_a_cell_all_who_spoil_it(self):
        done = self.compare("--cells", "echo-8x64", "--contenders", "kodama,epoll,blocking",
                            "--blocks", "4", **{"echo-epoll": ["error", 1000],
                                                "echo-blocking": ["error", 1000]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("**epoll** was taken out of echo-8x64: 2 reset", done.stdout)
        self.assertIn("**blocking** was taken out of echo-8x64: 2 reset", done.stdout)
        self.assertEqual(sum(one["valid"] for one in self.records("block")), 3)

    def test_disqualifies_who_sends_wrong_bytes(self):
        done = self.compare(*TWO_BLOCKS, **{"echo-epoll": ["payload", 1]})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("**epoll** is not ranked: disqualified: 3 wrong bytes", done.stdout)

    def test_fails_when_it_is_kodama_that_is_wrong(self):
        done = self.compare(*TWO_BLOCKS, **{"kodama": ["payload", 1]})
        self.assertEqual(done.returncode, 1, done.stderr)

    def test_goes_on_after_an_interruption(self):
        running = subprocess.Popen(self.command("--output", str(self.output), *FOUR_BLOCKS),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env=self.environment())
        with running:
            for line in running.stderr:
                if "block 2 of" in line:
                    running.send_signal(signal.SIGINT)
                    break
            running.stderr.read()
        self.assertEqual(running.returncode, 130)
        before = self.records("block")
        with open(self.output / "results.jsonl", "a", encoding="utf-8") as file:
            file.write('{"record":"run","ce')
        done = self.compare("--resume", str(self.output), "--contenders", FOUR_BLOCKS[3])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.records("block")[:len(before)], before)
        self.assertEqual([one["block"] for one in self.records("block")], [1, 2, 3, 4])
        self.assertEqual(len(self.records("conformance")), 2)

    def test_says_what_is_wrong_with_the_command_line(self):
        for arguments, what in ((("--cells", "ech-1x1"), "'ech-1x1' is not the name of a cell"),
                                (("--target", "x"), "--target 'x': wanted is"),
                                (("--contenders", "me"), "'me' is none of")):
            with self.subTest(what):
                done = self.compare(*arguments)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertIn(what, done.stderr)

    def test_refuses_a_folder_that_holds_results(self):
        self.output.mkdir()
        (self.output / "results.jsonl").write_text("", encoding="utf-8")
        done = self.compare(*FOUR_BLOCKS)
        self.assertEqual(done.returncode, 69)
        self.assertIn("holds results already", done.stderr)


class CongestionControl(unittest.TestCase):
    CODE = ("import path, pathlib, signal, sys, time\n"
            "from comparison import sysctl\n"
            "setting = pathlib.Path(sys.argv[1])\n"
            "with sysctl.congestion_control('reno', lambda text: None, setting, True) as by:\n"
            "    print(by, flush=True)\n"
            "    signal.pause()\n")

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.setting = pathlib.Path(scratch.name) / "setting"
        self.setting.write_text("bbr\n", encoding="ascii")

    def value(self):
        return self.setting.read_text(encoding="ascii").strip()

    def test_is_set_and_restored(self):
        with sysctl.congestion_control("reno", lambda text: None, self.setting, True) as by:
            self.assertEqual((by, self.value()), ("machine", "reno"))
        self.assertEqual(self.value(), "bbr")

    def test_stays_where_nobody_may_set_it(self):
        said = []
        with sysctl.congestion_control("reno", said.append, self.setting, False) as by:
            self.assertEqual((by, self.value()), ("client", "bbr"))
        self.assertIn("no root", said[0])

    def test_is_restored_however_we_end(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), subprocess.Popen(
                    [sys.executable, "-c", self.CODE, str(self.setting)], text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    cwd=pathlib.Path(__file__).parent) as child:
                self.assertEqual(child.stdout.readline(), "machine\n")
                self.assertEqual(self.value(), "reno")
                child.send_signal(number)
                child.wait(TIMEOUT)
                deadline = time.monotonic() + TIMEOUT
                while self.value() != "bbr" and time.monotonic() < deadline:
                    time.sleep(0.01)
                self.assertEqual(self.value(), "bbr")


if __name__ == "__main__":
    unittest.main()
