"""Exact intervals and the decision rule."""

import unittest

import path  # noqa: F401 -- finds the modules of bench/

from comparison import paired


def interval(low, high, confidence=0.96):
    return {"low": low, "median": (low + high) / 2, "high": high, "confidence": confidence}


class Intervals(unittest.TestCase):
    def test_ranks_are_those_of_the_binomial_distribution(self):
        for count, rank, confidence in ((6, 1, 0.969), (12, 3, 0.961), (15, 4, 0.965),
                                        (24, 7, 0.977), (5, 1, 0.9375), (1, 1, 0.0)):
            with self.subTest(count):
                found = paired.interval_rank(count)
                self.assertEqual(found[0], rank)
                self.assertAlmostEqual(found[1], confidence, 3)

    def test_an_interval_of_twelve_goes_from_the_third_to_the_tenth(self):
        found = paired.median_interval([float(value) for value in range(12, 0, -1)])
        self.assertEqual((found["low"], found["median"], found["high"]), (3.0, 6.5, 10.0))

    def test_ratios_are_of_equal_blocks(self):
        found = paired.ratio_interval({1: 10.0, 2: 20.0, 3: 5.0}, {1: 5.0, 2: 10.0, 4: 1.0})
        self.assertAlmostEqual(found["median"], 2.0)
        self.assertEqual(found["count"], 2)

    def test_nothing_comes_of_nothing(self):
        self.assertIsNone(paired.median_interval([]))
        self.assertIsNone(paired.ratio_interval({1: 1.0}, {2: 1.0}))
        self.assertIsNone(paired.geometric_mean([[], []]))

    def test_a_geometric_mean_lies_within_its_interval_and_is_repeatable(self):
        logs = [[0.1, 0.11, 0.09, 0.1], [-0.02, 0.0, 0.01, -0.01]]
        found = paired.geometric_mean(logs)
        self.assertLess(found["low"], found["mean"])
        self.assertLess(found["mean"], found["high"])
        self.assertEqual(found, paired.geometric_mean(logs))


class Verdicts(unittest.TestCase):
    def test_the_whole_interval_has_to_lie_beyond_the_noise(self):
        for low, high, delta, wanted in (
                (1.05, 1.10, 0.02, "ahead"), (1.015, 1.10, 0.02, "no difference shown"),
                (1.005, 1.10, 0.0, "no difference shown"), (1.011, 1.10, 0.0, "ahead"),
                (0.90, 0.95, 0.02, "behind"), (0.90, 0.985, 0.02, "no difference shown"),
                (0.90, 1.10, 0.02, "no difference shown")):
            with self.subTest(low=low, high=high, delta=delta):
                self.assertEqual(paired.verdict(interval(low, high), delta), wanted)

    def test_too_few_blocks_or_no_control_show_nothing(self):
        self.assertEqual(paired.verdict(interval(1.5, 1.6, 0.9375), 0.01), "too few blocks")
        self.assertEqual(paired.verdict(interval(1.5, 1.6), None), "too few blocks")
        self.assertEqual(paired.verdict(None, 0.01), "too few blocks")

    def test_noise_is_what_lies_farthest_from_one_on_either_side(self):
        self.assertAlmostEqual(paired.noise(interval(0.98, 1.01)), 1 / 0.98 - 1)
        self.assertAlmostEqual(paired.noise(interval(0.99, 1.03)), 0.03)


if __name__ == "__main__":
    unittest.main()
