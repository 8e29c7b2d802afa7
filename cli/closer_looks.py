"""Tests of the ways to look closer at a failure: again until it fails, the wire, the promises."""
from bench import BUSPROOF, Case, GOOD, INCOMPLETE, NONCONFORMANT, SCRATCH
from bench import busproof, run, scratch

MUTANT = [BUSPROOF, "mutate", "edge-nul-cut", "--", *GOOD]


class CloserLooks(Case):
    def test_until_fail_ends_with_the_first_that_fails(self):
        ran = run("until-fail", ["--case", "STORE-1.nul", "--until-fail", "5", "--", *MUTANT])
        self.assertEqual(ran.code, NONCONFORMANT, ran.said)
        self.assertRegex(ran.said, "run 1 of 5, seed 1: ")
        self.assertNotRegex(ran.said, "run 2 of 5")

    def test_until_fail_ends_after_its_last_go(self):
        ran = run("never-fails", ["--case", "STORE-1.nul", "--until-fail", "2", "--", *GOOD])
        self.assertEqual(ran.code, INCOMPLETE, ran.said)
        self.assertRegex(ran.said, "run 2 of 2, seed 2: ")
        self.assertEqual(ran.result()["seed"], "2")

    def test_until_fail_takes_a_number_above_0(self):
        self.refuses(["--until-fail", "0"], "--until-fail")

    def test_a_trace_shows_the_wire_of_what_is_not_met_and_of_nothing_else(self):
        ran = run("trace", ["--case", "STORE-1", "--trace", "--", *MUTANT])
        file, first, *rest = ran.case("STORE-1.nul")["trace"]
        self.assertRegex(first, r'ms +#1 -> \{"jsonrpc":"2.0","id":1,"method":"bus/hello"')
        self.assertIn(first, (ran.folder / file).read_text(encoding="utf-8"))
        self.assertTrue(any("bus/retrieve" in line for line in rest))
        self.assertIn("Wire transcript", (ran.folder / "report.html").read_text(encoding="utf-8"))
        self.assertNotIn("trace", ran.case("STORE-1.empty"))

    def test_promises_are_judged_from_any_history(self):
        folder = SCRATCH / "promises"
        busproof("run", "--out", str(folder), "--seed", "1", "--case", "QUE-3.any_sequence", "--",
                 BUSPROOF, "mutate", "edge-acked-after-reject", "--", *GOOD)
        history, = (folder / "histories").iterdir()
        ran = busproof("judge", "--promises", str(history))
        self.assertEqual(ran.code, NONCONFORMANT, ran.said)
        self.assertRegex(ran.said, "duplicate +violated +.* was acked and came again")
        self.assertRegex(ran.said, "ttl +inconclusive")

    def test_what_is_no_history_has_no_promises(self):
        self.refuses(["--promises", __file__], "does not begin with BPH1",
                     command=("judge",))

    def test_demo(self):
        folder = scratch("demo")
        ran = busproof("demo", "--out", str(folder))
        self.assertEqual(ran.code, 0, ran.said)
        self.assertRegex(ran.said, "QUE-3.any_sequence acked_came_again")
        self.assertRegex(ran.said, "program of [0-9]+ operations, minimal")
        self.assertRegex(ran.said, r"\b1[0-9][0-9] cases met, 0 not")
        for part, verdict in (("refbus", "incomplete"), ("mutant", "nonconformant")):
            page = (folder / part / "report.html").read_text(encoding="utf-8").lower()
            self.assertIn(verdict, page)
