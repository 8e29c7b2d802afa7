"""Words, target files and expectations that are wrong, and what busproof says of them."""
import json

from bench import BUSPROOF, Case, GOOD, INCOMPLETE, NONCONFORMANT, PYTHON_TARGET, SCRATCH, STALE
from bench import busproof, run, write


class BadTargets(Case):
    def refuses_target(self, text, *says):
        path = write("target.yaml", text)
        self.refuses(["--target", path], "target.yaml", *says)

    def test_malformed_yaml_is_named_by_its_line(self):
        self.refuses_target("name: x\nconnect:\n\ttcp: a\n", "line 3")
        self.refuses_target("connect: {tcp: [\n", "line")
        self.refuses_target("", "YAML map")
        self.refuses_target("- a\n", "YAML map")

    def test_unknown_keys_are_named_with_what_is_allowed(self):
        self.refuses_target("connekt: {tcp: 'a:1'}\n", "line 1", '"connekt"', "connect")
        self.refuses_target("connect: {tpc: 'a:1'}\n", '"tpc"', "websocket, tcp, unix, stdio")

    def test_what_is_missing_is_named(self):
        self.refuses_target("name: x\n", "needs connect")
        self.refuses_target("connect: {stdio: launch}\n", "needs a launch")
        self.refuses_target("launch: {}\nconnect: {tcp: 'a:1'}\n", "launch needs a command")
        self.refuses_target("connect: {}\n", "one of websocket, tcp, unix, stdio")
        self.refuses_target("connect: {tcp: 'a:1', unix: b}\n", "one of")

    def test_wrong_values_are_named(self):
        launch = ("launch: {{command: [x], ready: {{tcp: 'a:1', within: {}}}}}\n"
                  "connect: {{tcp: 'a:1'}}\n")
        for wrong in ("10", "soon", "-1s", "10h", "[1]"):
            self.refuses_target(launch.format(wrong), "launch.ready.within")
        self.refuses_target("connect: {stdio: adapter.py}\n", "list of words")
        self.refuses_target("connect: {tcp: 'a:1'}\ncontrol: {connection: perhaps}\n", "line 2")
        self.refuses_target("connect: {tcp: 'a:1'}\nvariants: 7\n", "variants must be a map")

    def test_unknown_names_are_told_with_the_known_ones(self):
        self.refuses_target("connect: {tcp: '127.0.0.1:${prot}'}\n", r"\$\{prot\}", "port")

    def test_a_file_that_is_not_there(self):
        self.refuses(["--target", "/nowhere/target.yaml"], "/nowhere/target.yaml", "cannot be read")

    def test_a_folder_is_no_file(self):
        self.refuses(["--target", str(SCRATCH)], "cannot be read")

    def test_two_targets_are_one_too_many(self):
        self.refuses(["--url", "ws://a/", "--tcp", "a:1"], "name one target")
        self.refuses(["--url", "ws://a/", "--", "x"], "name one target")


class BadWords(Case):
    def test_of_run(self):
        self.refuses(["--case", "QUE-99"], '"QUE-99"', "busproof list")
        self.refuses(["--profile", "gold"], '"gold"', "core", "claimed")
        self.refuses(["--effort", "hard"], "quick, normal or deep")
        for seed in ("-1", "x", "1x", "18446744073709551616"):
            self.refuses([f"--seed={seed}"], "--seed takes")
        self.refuses(["--jobs", "0"], "jobs")
        self.refuses(["--no-such-word"], "no-such-word")
        self.refuses([], command=())

    def test_of_expectations(self):
        def refuses(text, *says):
            self.refuses(["--expect", write("known.yaml", text)], "known.yaml", *says)
        refuses("a: b\n", "list")
        refuses("- {id: QUE-1.nothing, kind: fails, reason: r, link: l, expires: 2099-01-01}\n",
                "QUE-1.nothing")
        refuses("- {id: STORE-1.nul, kind: perhaps, reason: r, link: l, expires: 2099-01-01}\n",
                "perhaps")
        refuses("- {id: STORE-1.nul, kind: fails, reason: r, link: l, expires: soon}\n", "soon")
        refuses("- {id: STORE-1.nul, kind: fails, expires: 2099-01-01}\n", "reason")
        refuses("- {idd: STORE-1.nul}\n", '"idd"', "line 1")
        refuses("- {id: [1]}\n", "line 1")
        refuses("\t- x\n", "line 1")
        self.refuses(["--expect", "/nowhere/known.yaml"], "/nowhere/known.yaml")

    def test_of_the_other_commands(self):
        self.refuses([], "id", command=("explain",))
        self.refuses(["QUE-99"], '"QUE-99"', "busproof list", command=("explain",))
        self.refuses(["--jsn"], "jsn", command=("list",))
        self.refuses(["no-such-mutant", "--", "x"], "no-such-mutant", "--list", command=("mutate",))
        self.refuses(["edge-nul-cut"], "which bus", command=("mutate",))
        self.refuses([], "--list", command=("mutate",))
        self.refuses(["--mutant", "no-such-mutant", "--target", PYTHON_TARGET], "no-such-mutant",
                     command=("prove",))
        self.refuses(["--seeds", "0"], "seeds", command=("prove",))
        self.refuses(["/nowhere/x.bph"], "/nowhere/x.bph", "cannot be read", command=("judge",))
        self.refuses(["/nowhere/x.json"], "/nowhere/x.json", "cannot be read", command=("replay",))

    def test_judge_takes_no_rubbish(self):
        def refuses(content, *says):
            self.refuses([write("some.bph", content)], "some.bph", *says, command=("judge",))
        refuses("", "empty")
        refuses("BPH1")
        refuses("rubbish\n", "busproof_history")
        refuses('{"busproof_history": 1, "scenario": "No.such", "claims": {}}\n', "No.such",
                "--case")
        refuses('{"busproof_history": 1}\n{"at_ms": 1}\n', "line 2")
        history = write("some.jsonl", '{"busproof_history": 1, "claims": {}}\n')
        self.refuses(["--case", "QUE-99", history], "QUE-99", "busproof list", command=("judge",))
        listed = json.loads(busproof("list", "--json").out)
        for case in (case for rule in listed["rules"] for case in rule["cases"]):
            if not case["judged"]:
                self.refuses(["--case", case["id"], history], "no judge", case["id"],
                             command=("judge",))

    def test_replay_takes_no_rubbish(self):
        def refuses(content, *says):
            self.refuses([write("some.json", content)], "some.json", *says, command=("replay",))
        refuses("", "not a replay file")
        refuses("[]", "not a replay file")
        refuses('{"busproof_replay": 1, "case": "STORE-1.nul"}', "STORE-1.nul")
        refuses('{"busproof_replay": 1, "case": "PRI-6.agrees_with_model", "program": [7]}',
                "an operation is")


EXPECTATION = """- id: {}
  kind: fails
  reason: the old broker cuts at NUL
  link: https://example.org/1
  expires: {}
"""


class Expectations(Case):
    def ran(self, name, case, expires, bus):
        known = write("known.yaml", EXPECTATION.format(case, expires))
        return run(f"expect-{name}", ["--case", case, "--expect", known, "--", *bus])

    MUTANT = [BUSPROOF, "mutate", "edge-nul-cut", "--", *GOOD]

    def test_one_that_holds_makes_it_known(self):
        ran = self.ran("holds", "STORE-1.nul", "2099-01-01", self.MUTANT)
        self.assertEqual(ran.case("STORE-1.nul")["verdict"], "known", ran.said)
        self.assertEqual(ran.code, INCOMPLETE, ran.said)  # Only a part was asked for.
        self.check_reports(ran)

    def test_one_that_no_longer_holds_is_stale(self):
        ran = self.ran("stale", "STORE-1.nul", "2099-01-01", GOOD)
        self.assertEqual(ran.code, STALE, ran.said)
        self.assertIn("stale", ran.said)
        self.check_reports(ran)

    def test_one_past_its_date_is_expired_and_excuses_nothing(self):
        ran = self.ran("expired", "STORE-1.nul", "2020-01-01", self.MUTANT)
        self.assertEqual(ran.code, NONCONFORMANT, ran.said)
        ran = self.ran("expired-met", "STORE-1.nul", "2020-01-01", GOOD)
        self.assertEqual(ran.code, STALE, ran.said)
        self.assertIn("expired", ran.said)
