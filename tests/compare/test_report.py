"""The reports, of results that are made up."""

import os
import pathlib
import re
import tempfile
import unittest
import xml.etree.ElementTree as xml

import path  # noqa: F401 -- finds the modules of bench/
import synthetic

from comparison import paired, report
from comparison.analysis import Analysis, losing_first, percentile
from comparison.metrics import METRICS

paired.BOOTSTRAPS = 100  # the interval of a mean matters to nobody here


def written(records, card=None):
    """{name of file: text}"""
    with tempfile.TemporaryDirectory() as folder:
        synthetic.write(folder, records, card)
        report.write(pathlib.Path(folder))
        return {entry.name: entry.read_text(encoding="utf-8")
                for entry in sorted(pathlib.Path(folder).iterdir())}


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.records = synthetic.records()
        cls.files = written(cls.records)
        cls.analysis = Analysis(cls.records)

    def test_the_same_results_make_the_same_report(self):
        self.assertEqual(self.files, written(self.records))

    def test_losing_cells_are_printed_first(self):
        for metric in METRICS.values():
            verdicts = [one["verdict"] for one in self.analysis.headline(metric)]
            order = ["behind", "no difference shown", "ahead"]
            self.assertEqual(verdicts, sorted(verdicts, key=order.index))
        table = self.files["report.md"].partition("| cell | verdict |")[2].splitlines()
        self.assertRegex(table[2], r"^\| stream-1x64K \| behind \| epoll \| 0\.8\d\d \[")

    def test_ratios_above_one_are_in_kodamas_favour_whatever_the_metric(self):
        cell = next(cell for cell in self.analysis.cells if cell.name == "echo-1x64")
        for name in ("server_cpu", "machine_cpu", "throughput"):
            self.assertGreater(self.analysis.ratio(cell, "asio", METRICS[name])["median"], 1.1)

    def test_the_strongest_peer_is_the_one_in_user_space_that_is_hardest_to_beat(self):
        for metric in METRICS.values():
            for one in self.analysis.headline(metric):
                self.assertNotEqual(one["against"], "sockmap")
                for name in ("epoll", "blocking", "asio"):
                    other = self.analysis.comparison(one["cell"], name, metric)
                    self.assertLessEqual(one["median"], other["median"])

    def test_who_does_not_conform_is_measured_and_not_ranked(self):
        self.assertIn("**io-uring** is not ranked: half-close: the echo", self.files["report.md"])
        for metric in METRICS.values():
            self.assertNotIn("io-uring", {one["against"] for one in
                                          self.analysis.headline(metric)})
            for one in self.analysis.against("io-uring", metric):
                self.assertEqual(one["verdict"], "not ranked")
        self.assertNotIn("io-uring", self.files["summary.svg"])

    def test_the_machine_and_its_limits_are_told(self):
        for text in ("loopback", "2 cores", "reno", "96.1 %", "0123456789", "by chance",
                     "**splice** was not measured"):
            self.assertIn(text, self.files["report.md"])
        self.assertIn("Loopback, a virtual machine with 2 cores", self.files["summary.svg"])

    def test_a_server_in_the_kernel_has_no_cpu_of_its_own(self):
        for cell in self.analysis.cells:
            self.assertIsNone(self.analysis.interval(cell, "sockmap", METRICS["server_cpu"]))
            self.assertIsNotNone(self.analysis.interval(cell, "sockmap", METRICS["machine_cpu"]))

    def test_every_picture_is_well_formed_and_nothing_lies_outside(self):
        svgs = re.findall(r"<svg.*?</svg>", self.files["report.html"], re.S)
        self.assertGreater(len(svgs), 9)
        for svg in [*svgs, self.files["summary.svg"]]:
            root = xml.fromstring(svg)
            width, height = map(float, root.get("viewBox").split()[2:])
            for element in root.iter():
                for key, limit in (("x", width), ("x2", width), ("cx", width), ("y", height),
                                   ("y2", height), ("cy", height)):
                    if element.get(key):
                        self.assertTrue(-1 <= float(element.get(key)) <= limit + 1,
                                        (root[0].text, element.tag, element.attrib))

    def test_the_page_needs_nothing_from_elsewhere(self):
        self.assertIsNone(re.search(r'(src|href)="|@import|url\(', self.files["report.html"]))

    def test_nothing_tells_whose_machine_it_was(self):
        for text in self.files.values():
            self.assertNotIn(str(path.ROOT), text)
            self.assertNotIn(os.uname().nodename + " ", text)


class Parts(unittest.TestCase):
    def test_discarded_blocks_do_not_count(self):
        records = synthetic.records(blocks=6, cells=["echo-1x64"],
                                    contenders=("kodama", "kodama-again", "epoll"))
        for record in records:
            if record["record"] == "block":
                record.update(valid=record["block"] != 3,
                              why=[] if record["block"] != 3 else [["epoll", "steal", "x"]])
        analysis = Analysis(records)
        self.assertEqual(set(analysis.values(analysis.cells[0], "epoll", METRICS["throughput"])),
                         {1, 2, 4, 5, 6})
        self.assertIn("1 were discarded whole (steal: 1)", written(records)["report.md"])

    def test_a_campaign_without_peers_or_control_makes_a_report(self):
        for names in (("kodama",), ("kodama", "epoll"), ("kodama", "kodama-again")):
            with self.subTest(names):
                records = synthetic.records(blocks=6, contenders=names)
                self.assertIn("# Echo servers compared", written(records)["report.md"])

    def test_an_unfinished_campaign_says_so(self):
        for length in (1, 3, 20, 200):
            text = written(synthetic.records(blocks=6)[:length])["report.md"]
            self.assertIn("has not come to its end", text)

    def test_the_full_matrix_makes_all_plots(self):
        page = written(synthetic.records("full", blocks=2))["report.html"]
        for title in ("Echoes a second, 64 B", "Echoes a second, 512 B", "Server CPU an echo, 4096",
                      "against the offered rate, 50x512", "Bytes an idle connection",
                      "system calls an echo"):
            self.assertIn(title, page)

    def test_a_percentile_is_the_edge_of_its_bucket(self):
        histogram = [(10.0, 50), (20.0, 49), (30.0, 1)]
        self.assertEqual([percentile(histogram, share) for share in (0.5, 0.51, 0.99, 1.0)],
                         [10.0, 20.0, 20.0, 30.0])

    def test_what_has_no_verdict_comes_last(self):
        verdicts = ["ahead", "too few blocks", "behind", "no difference shown"]
        ordered = losing_first({"verdict": verdict, "median": 1.0} for verdict in verdicts)
        self.assertEqual([one["verdict"] for one in ordered],
                         ["behind", "no difference shown", "ahead", "too few blocks"])


if __name__ == "__main__":
    unittest.main()
