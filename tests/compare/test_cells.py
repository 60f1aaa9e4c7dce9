"""The names of cells, and the plan made of them."""

import unittest

import path  # noqa: F401 -- finds the modules of bench/

from comparison import cells
from comparison.plan import Plan, plan_from_record

SEVEN = ("kodama", "kodama-again", "epoll", "blocking", "io-uring", "asio", "sockmap")


def plan_of(set_name, names, contenders=SEVEN, seed=1):
    return Plan(set_name, tuple(cells.cells_named(names)), contenders, (),
                cells.TIMINGS[set_name], seed, "reno")


class Names(unittest.TestCase):
    def test_a_name_tells_the_arguments_for_the_load_generator(self):
        for name, rate, wanted in (
                ("echo-50x64K", None, "--connections 50 --size 64K"),
                ("depth16-1x64", None, "--connections 1 --size 64 --depth 16"),
                ("mixed-50", None, "--connections 50 --size 64,512,4096"),
                ("stream-8x64K", None, "--connections 8 --size 64K --stream"),
                ("churn-64", None, "--connections 64 --size 64 --churn"),
                ("open-50x512-75", 1234.6,
                 "--connections 50 --size 512 --rate 1235 --arrivals poisson"),
                ("slow-50x512-50", 100.0,
                 "--connections 50 --size 512 --rate 100 --arrivals poisson --slow-readers 5")):
            with self.subTest(name):
                arguments = cells.cell_named(name).load_arguments(rate)
                self.assertEqual(" ".join(arguments), wanted)

    def test_other_names_are_refused(self):
        for name in ("", "echo", "echo-0x64", "echo-5x0", "open-1x64-101", "echo-1x64G",
                     "idle-1x64"):
            with self.subTest(name), self.assertRaises(cells.UnknownCell):
                cells.cell_named(name)

    def test_a_stream_without_a_size_is_the_usual_one_and_named_so(self):
        self.assertEqual(cells.cell_named("stream-1").name, "stream-1x64K")

    def test_every_set_holds_what_the_smaller_one_holds_and_is_listed(self):
        listing = cells.listing()
        for name in {*cells.QUICK, *cells.CORE, *cells.full()}:
            self.assertIn(name, listing)
        self.assertLessEqual(set(cells.CORE), set(cells.full()))
        self.assertLessEqual(set(cells.ABLATION), set(cells.CORE))


class Plans(unittest.TestCase):
    def test_core_fits_into_half_an_hour_and_quick_into_two_minutes(self):
        self.assertLess(plan_of("core", cells.CORE).estimated_seconds(), 30 * 60)
        three = plan_of("quick", cells.QUICK, SEVEN[:3])
        self.assertLess(three.estimated_seconds(), 120)

    def test_blocks_of_all_cells_are_interleaved_and_each_comes_once(self):
        plan = plan_of("core", cells.CORE)
        blocks = [(cell.name, block) for cell, block in plan.blocks()]
        timed = [name for name in cells.CORE if not name.startswith("idle")]
        self.assertEqual(len(set(blocks)), len(timed) * 12)
        for block in range(12):
            part = blocks[block * len(timed):(block + 1) * len(timed)]
            self.assertEqual({name for name, _ in part}, set(timed))
            self.assertEqual({number for _, number in part}, {block + 1})

    def test_the_seed_alone_decides_the_order(self):
        cell = cells.cell_named("echo-1x64")
        orders = [plan_of("core", cells.CORE, seed=seed).order(cell, 3, 1, SEVEN)
                  for seed in (1, 1, 2)]
        self.assertEqual(orders[0], orders[1])
        self.assertNotEqual(orders[0], orders[2])
        self.assertEqual(sorted(orders[0]), sorted(SEVEN))

    def test_a_plan_survives_its_record(self):
        plan = plan_of("core", cells.CORE)
        self.assertEqual(plan_from_record(plan.record()), plan)


if __name__ == "__main__":
    unittest.main()
