#!/usr/bin/env python3
"""busproof as a user meets it: bad input and bad buses.

Each run must end in time, with its exit code, a message that says what happened, and its three
reports, which agree. The program under test is named by the environment: BUSPROOF.

Method: tests run a few at a time, since most of them wait for a bus that never answers. Nothing
here waits for a time to pass.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from bench import BAD, BUSPROOF, Case, GOOD, INCOMPLETE, INTERRUPTED, LIMIT_S, NONCONFORMANT
from bench import PYTHON_TARGET, Ran, SCRATCH, Together, UNAVAILABLE, USAGE
from bench import busproof, free_port, http_server, run, scratch, write
from bad_words import BadTargets, BadWords, Expectations
from closer_looks import CloserLooks

# Runs of bad buses, by name: the words behind `busproof run --out FOLDER --seed 1`.
RUNS = {
    "dies-at-start": ["--", *BAD, "dies-at-start"],
    "dies-at-hello": ["--", *BAD, "dies-at-hello"],
    "dies-after": ["--effort", "quick", "--", *BAD, "dies-after-30"],
    "hangs-at-hello": ["--", *BAD, "hangs-at-hello"],
    "hangs-after": ["--effort", "quick", "--", *BAD, "hangs-after-30", "--answer-ms", "10000"],
    "prints-rubbish": ["--case", "STORE", "--", *BAD, "prints-rubbish"],
    "answers-twice": ["--case", "STORE", "--", *BAD, "answers-twice"],
    "answers-wrong-id": ["--case", "QUE-1", "--", *BAD, "answers-wrong-id"],
    "half-line": ["--case", "PRI", "--", *BAD, "half-line"],
    "endless-line": ["--case", "PRI-1", "--", *BAD, "endless-line", "--answer-ms", "20000"],
    "not-json-hello": ["--", *BAD, "not-json-hello"],
    "hello-without-claims": ["--", *BAD, "hello-without-claims"],
    "version-refused": ["--", *BAD, "version-refused"],
    "huge-answer": ["--case", "PRI-1", "--", *BAD, "huge-answer", "--answer-ms", "8000"],
    "slow": ["--case", "SEC-9", "--", *BAD, "slow", "--answer-ms", "20000"],
    "unlimited": ["--case", "SEC-9", "--", *BAD, "unlimited", "--answer-ms", "20000"],
    "mutate": ["--case", "STORE-1.nul", "--", BUSPROOF, "mutate", "edge-nul-cut", "--", *GOOD],
    "good": ["--case", "STORE-1", "--redis-url", "redis://:hu@sh/hush@127.0.0.1:1/0", "--", *GOOD],
}
# The same buses where they take many connections: launched, reached by TCP.
SHARED = ("dies-after-120", "hangs-after-120")


def shared_target(mode):
    return f"""name: {mode}
launch:
  command: [{", ".join(BAD)}, {mode}, --tcp, "127.0.0.1:${{port}}"]
  ready: {{tcp: "127.0.0.1:${{port}}", within: 10s}}
connect: {{tcp: "127.0.0.1:${{port}}"}}
"""


def refbus_without_preload():
    return f"""name: no preload
launch:
  command:
    [sh, -c, 'test -z "$LD_PRELOAD" || exit 3; exec "$0" "$@"',
     {pathlib.Path(BUSPROOF).with_name("refbus")}, --listen, "127.0.0.1:${{port}}", --data, "${{data}}"]
  ready: {{tcp: "127.0.0.1:${{port}}", within: 10s}}
  clock: faketime
connect: {{websocket: "ws://127.0.0.1:${{port}}/ws/connect"}}
"""


for shared in SHARED:
    RUNS["shared-" + shared] = ["--effort", "quick", "--case", "QUE", "--target",
                                write(f"{shared}.yaml", shared_target(shared))]


class BadBuses(Case):
    def check_bad(self, name, code, *says, within=120):
        return self.check(name, RUNS[name], code, *says, within=within)

    def test_one_that_dies_at_start_is_unavailable_and_its_last_words_are_shown(self):
        self.check_bad("dies-at-start", UNAVAILABLE, "exited with 7",
                       "it wrote: bad.py: no broker at localhost:5672", within=10)

    def test_one_that_dies_at_hello_is_unavailable(self):
        self.check_bad("dies-at-hello", UNAVAILABLE, "exited with 7", "the broker is gone, so am I",
                       within=10)

    def test_one_that_dies_later_is_nonconformant_and_it_is_told_how_it_died(self):
        ran = self.check_bad("dies-after", NONCONFORMANT,
                         r"the bus ended by itself in \d+ scenarios, first in \w+\.\w+: \S+.* "
                         r"exited with 7; it wrote: bad.py: the broker is gone")
        self.assertTrue(any("ended by itself" in note for note in ran.result()["notes"]))

    def test_a_shared_one_that_dies_is_started_again(self):
        ran = self.check_bad("shared-dies-after-120", NONCONFORMANT, "the bus ended by itself")
        self.assertGreater(ran.result()["counts"]["cases"]["met"], 0)

    def test_one_that_hangs_at_hello_is_unavailable(self):
        self.check_bad("hangs-at-hello", UNAVAILABLE, "did not answer bus/hello", within=30)

    def test_one_that_hangs_later_is_not_waited_for_again_and_again(self):
        ran = self.check_bad("hangs-after", NONCONFORMANT,
                         "the bus took requests and answered nothing more",
                         "the cases left were not tried", within=120)
        self.assertGreater(ran.result()["counts"]["cases"]["blocked"], 0)

    def test_a_shared_one_that_hangs_is_started_again_once(self):
        self.check_bad("shared-hangs-after-120", NONCONFORMANT,
                       "the bus took requests and answered nothing more", within=120)

    def test_a_line_that_is_no_protocol_is_shown(self):
        self.check_bad("prints-rubbish", USAGE, r'not protocol: "INFO broker: \d+ requests served"',
                       "belongs on its stderr")

    def test_a_hello_that_is_no_json_is_shown(self):
        self.check_bad("not-json-hello", USAGE, 'not protocol: "hello yourself"')

    def test_a_second_answer_is_found(self):
        ran = self.check_bad("answers-twice", NONCONFORMANT, "END-8.overlap", "a second answer")
        found = ran.case("END-8.overlap")
        self.assertEqual(found["verdict"], "violated")
        self.assertRegex(found["detail"], "a second answer to one request")
        self.assertTrue((ran.folder / found["history"]).is_file())

    def test_an_answer_under_a_wrong_id_is_found(self):
        ran = self.check_bad("answers-wrong-id", NONCONFORMANT, "END-8.overlap",
                             "an answer to no request")
        self.assertEqual(ran.case("END-8.overlap")["verdict"], "violated")

    def test_half_a_line_is_shown_and_is_no_rubbish(self):
        self.check_bad("half-line", NONCONFORMANT,
                       "after half a line: {\"jsonrpc\":\"2.0\",\"id\":")

    def test_an_endless_line_is_cut_off(self):
        self.check_bad("endless-line", NONCONFORMANT,
                       r"sent \d+ bytes without an end of line: xxxx")

    def test_an_answer_beyond_what_was_declared_is_found(self):
        self.check_bad("huge-answer", NONCONFORMANT,
                       r"a message of \d+ bytes, though message_bytes_max is 4194304")

    def test_a_hello_without_claims_is_nonconformant_and_what_is_missing_is_named(self):
        self.check_bad("hello-without-claims", NONCONFORMANT,
                       "capabilities is missing from the hello", within=10)

    def test_one_that_runs_beneath_no_other_clock_is_not_to_blame(self):
        target = write("no-preload.yaml", refbus_without_preload())
        ran = run("no-preload", ["--case", "TTL-10.forward", "--target", target])
        self.assertEqual(ran.code, INCOMPLETE, ran.said)  # Only a part was asked for.
        found = ran.case("TTL-10.forward")
        self.assertEqual(found["verdict"], "unverified")
        self.assertRegex(found["detail"], "libfaketime.*exited with 3")

    def test_one_too_slow_for_its_own_limit_is_not_to_blame(self):
        ran = self.check_bad("slow", INCOMPLETE)  # Only a part was asked for.
        for name in ("SEC-9.publishes", "SEC-9.recovers"):
            found = ran.case(name)
            self.assertEqual(found["verdict"], "unverified", found["detail"])
            self.assertRegex(found["detail"], r"took 60 publishes in \d.\d s at best.* is 10:")

    def test_one_that_keeps_no_limit_of_its_own_is_flooded_once(self):
        ran = self.check_bad("unlimited", NONCONFORMANT, "SEC-9.publishes")
        self.assertEqual(ran.case("SEC-9.publishes")["verdict"], "violated")
        self.assertNotIn("at best", ran.case("SEC-9.recovers")["detail"])

    def test_a_refused_version_is_told(self):
        self.check_bad("version-refused", UNAVAILABLE, "refused protocol 1.0", "speaks 2.0",
                       within=10)

    def test_a_correct_one_is_met(self):
        ran = run("good", RUNS["good"])
        self.assertEqual(ran.code, INCOMPLETE, ran.said)  # Only a part was asked for.
        self.assertEqual(ran.case("STORE-1.nul")["verdict"], "met")
        self.check_reports(ran)

    def test_the_reports_keep_a_servers_password_to_themselves(self):
        ran = run("good-with-a-server", RUNS["good"])
        self.assertIn("redis://:***@127.0.0.1:1/0", ran.result()["command"])
        for report in ran.folder.iterdir():
            if report.is_file():
                self.assertNotRegex(report.read_bytes(), b"hu@|sh/|hush", report.name)

    def test_a_mutant_before_it_is_killed(self):
        ran = self.check_bad("mutate", NONCONFORMANT, "STORE-1.nul")
        self.assertEqual(ran.case("STORE-1.nul")["verdict"], "violated")


class Unreachable(Case):
    def reaches_nothing(self, words, *says, code=UNAVAILABLE, within=30):
        folder = SCRATCH / f"unreachable-{self._testMethodName}"
        ran = busproof("run", "--out", str(folder), *words)
        ran.folder = folder
        self.assertEqual(ran.code, code, ran.said)
        for word in says:
            self.assertRegex(ran.said, word)
        self.assertLess(ran.seconds, within)
        self.check_reports(ran)
        self.assertTrue(all(case["verdict"] in ("unverified", "not_judged_yet")
                            for rule in ran.result()["rules"] for case in rule["cases"]))

    def test_a_port_where_nobody_listens(self):
        port = free_port()
        self.reaches_nothing(["--url", f"ws://127.0.0.1:{port}/"], "Connection refused", str(port))

    def test_a_tcp_port_where_nobody_listens(self):
        self.reaches_nothing(["--tcp", f"127.0.0.1:{free_port()}"], "Connection refused")

    def test_a_unix_socket_that_is_not_there(self):
        self.reaches_nothing(["--unix", str(SCRATCH / "no.sock")], "No such file or directory",
                             "no.sock")

    def test_a_command_that_is_not_there(self):
        self.reaches_nothing(["--", "no-such-program-anywhere"],
                             "cannot start no-such-program-anywhere", within=10)

    def test_a_server_that_is_no_websocket(self):
        with http_server(404) as port:
            self.reaches_nothing(["--url", f"ws://127.0.0.1:{port}/ws"], "answered HTTP 404",
                                 within=10)

    def test_a_websocket_without_the_subprotocol(self):
        with http_server(101) as port:
            self.reaches_nothing(["--url", f"ws://127.0.0.1:{port}/ws"],
                       "does not speak the subprotocol busproof.v1", within=10)

    def test_a_server_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            self.reaches_nothing(["--url", f"ws://127.0.0.1:{port}/"], "no answer")

    def test_a_server_that_speaks_no_tls(self):
        with http_server(404) as port:
            self.reaches_nothing(["--url", f"wss://127.0.0.1:{port}/ws"],
                                 "TLS|SSL|wrong version number", within=10)

    def test_whom_to_trust_is_asked_for_tls_alone(self):
        for words in (["--ca", __file__], ["--insecure"]):
            ran = self.refuses(["--url", "ws://127.0.0.1:1/", *words])
            self.assertIn("--ca and --insecure are for", ran.said)

    def test_addresses_of_another_form(self):
        for words in (["--url", "http://127.0.0.1:1/"], ["--tcp", "127.0.0.1"]):
            ran = self.refuses(words)
            self.assertRegex(ran.said, "of the form")


class Folders(Case):
    def test_a_file_in_the_way(self):
        path = write("file", "x")
        self.refuses(["--out", path + "/below", "--", *GOOD], "cannot be written", "--out")
        self.refuses(["--out", path, "--", *GOOD], "cannot be written", "--out")

    def test_a_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("mounting takes root")
        folder = scratch("full")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs can be mounted here")
        try:
            # Room for the probe and not for the reports: told when they are written.
            ran = busproof("run", "--out", str(folder), "--case", "STORE-1.nul", "--", *GOOD)
            self.assertEqual(ran.code, INCOMPLETE, ran.said)
            self.assertRegex(ran.said, "No space left on device.*(room|folder)")
            with contextlib.suppress(OSError), open(folder / "fill", "wb") as file:
                file.write(b"x" * (1 << 20))
            self.refuses(["--out", str(folder / "below"), "--", *GOOD], "No space left", "--out")
        finally:
            subprocess.run(["umount", str(folder)], check=True)


class Interrupted(Case):
    def test_reports_are_written_all_the_same(self):
        folder = SCRATCH / "interrupted"
        with subprocess.Popen([BUSPROOF, "run", "--out", str(folder), "--target", PYTHON_TARGET],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + LIMIT_S
            while not (folder / "work").exists() and time.monotonic() < deadline:
                process.poll()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=LIMIT_S)
            ran = Ran(process.returncode, out, err, 0, folder)
        self.assertEqual(ran.code, INTERRUPTED, ran.said)
        self.assertIn("interrupted", ran.said)
        self.check_reports(ran)


class Shapes(Case):
    def test_list(self):
        listed = json.loads(busproof("list", "--json").out)
        cases = [case for rule in listed["rules"] for case in rule["cases"]]
        for rule in listed["rules"]:
            self.assertRegex(rule["id"], "^[A-Z]+-[0-9]+$")
            self.assertIn(rule["level"], ("MUST", "SHOULD", "MAY"))
            self.assertTrue(rule["sentence"].endswith("."), rule)
            self.assertTrue(all(case["id"].startswith(rule["id"] + ".") for case in rule["cases"]))
        self.assertGreater(len(cases), 400)
        self.assertEqual(len({case["id"] for case in cases}), len(cases))
        self.assertIn("END-8.overlap", [case["id"] for case in cases if case["judged"]])

    def test_prove(self):
        ran = busproof("prove", "--json", "--mutant", "edge-nul-cut", "--target", PYTHON_TARGET,
                       "--seeds", "1", folder=scratch("prove"))
        self.assertEqual(ran.code, 0, ran.said)
        proof, = json.loads(ran.out)["mutants"]
        self.assertEqual((proof["name"], proof["case"], proof["killed"]),
                         ("edge-nul-cut", "STORE-1.nul", True))
        self.assertEqual(len(proof["killed_by"]), 1)

    def test_the_mutants_of_overlap_are_killed_over_lines_and_websocket(self):
        for target in ([], ["--target", PYTHON_TARGET]):
            ran = busproof("prove", "--json", "--mutant", "edge-answers-twice", "--mutant",
                           "edge-ids-crossed", "--seeds", "1", *target, folder=SCRATCH)
            self.assertEqual(ran.code, 0, ran.said)
            proofs = json.loads(ran.out)["mutants"]
            self.assertEqual([proof["killed"] for proof in proofs], [True, True])

    def test_a_shrunk_program_is_replayed(self):
        folder = SCRATCH / "shrunk"
        bus = [BUSPROOF, "mutate", "edge-every-5th-jumps", "--", *GOOD]
        ran = busproof("run", "--out", str(folder), "--seed", "1", "--case",
                       "PRI-6.agrees_with_model", "--", *bus)
        self.assertEqual(ran.code, NONCONFORMANT, ran.said)
        replay = folder / "replay" / "PRI-6.agrees_with_model.json"
        self.assertLessEqual(len(json.loads(replay.read_text())["program"]), 10)
        again = busproof("replay", str(replay), "--", *bus)
        self.assertEqual(again.code, NONCONFORMANT, again.said)
        self.assertRegex(again.said, "PRI-6.agrees_with_model violated")
        self.assertEqual(busproof("replay", str(replay), "--", *GOOD).code, 0)


class Proxies(Case):
    def proxy(self, *words):
        return subprocess.Popen([BUSPROOF, "proxy", *words], stdin=subprocess.PIPE, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_faults_strike_and_heal_and_are_counted(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            to = f"127.0.0.1:{server.getsockname()[1]}"
            with self.proxy("--to", to) as process:
                listening = re.fullmatch(rf"127\.0\.0\.1:(\d+) to {to}\n",
                                         process.stdout.readline())
                self.assertTrue(listening)
                port = int(listening[1])
                with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                    there, _ = server.accept()
                    client.sendall(b"hello")
                    self.assertEqual(there.recv(5, socket.MSG_WAITALL), b"hello")
                    process.stdin.write("refuse\nnonsense\nheal 7\n")
                    process.stdin.flush()
                    self.assertEqual(process.stdout.readline(), "fault 1: refused\n")
                    self.assertRaises(ConnectionResetError, client.recv, 1)
                    self.assertRaises(ConnectionRefusedError, socket.create_connection,
                                      ("127.0.0.1", port), LIMIT_S)
                    there.close()
                process.stdin.write("heal 1\n")
                process.stdin.flush()
                self.assertRegex(process.stdout.readline(), r"^healed 1: it struck \d+ times")
                with socket.create_connection(("127.0.0.1", port), LIMIT_S):
                    server.accept()[0].close()
                out, err = process.communicate(timeout=LIMIT_S)
            self.assertEqual(process.returncode, 0, err)
            counters = json.loads(out.splitlines()[-1])
            self.assertEqual((counters["to_server"], counters["accepted"]), (5, 2))
            self.assertRegex(err, "nonsense.*is no fault; these are")
            self.assertIn("no fault 7 stands", err)

    def test_a_signal_ends_it_in_good_order(self):
        with self.proxy("--to", "127.0.0.1:9", "--fault", "latency 5 1 client") as process:
            self.assertIn("5000 us of latency", process.stdout.readline())
            self.assertIn(" to 127.0.0.1:9", process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            out = process.stdout.read()
            self.assertEqual(process.wait(timeout=LIMIT_S), 0)
        self.assertRegex(out, r'healed 1: it struck 0 times\n\{"accepted":0')

    def test_wrong_words_are_told(self):
        for words, says in ((["--to", "nowhere"], "HOST:PORT"), ([], "--to is required"),
                            (["--to", "127.0.0.1:9", "--listen", "0.0.0.0:0"], "127.0.0.1 alone"),
                            (["--to", "127.0.0.1:9", "--fault", "toxic"], "is no fault")):
            ran = busproof("proxy", *words)
            self.assertEqual(ran.code, USAGE, ran.said)
            self.assertIn(says, ran.said)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ran = busproof("proxy", "--to", "127.0.0.1:9", "--listen",
                           str(taken.getsockname()[1]))
            self.assertEqual(ran.code, UNAVAILABLE, ran.said)


def load_tests(loader, _, __):
    together = Together()
    for case in (BadBuses, Unreachable, BadTargets, BadWords, Expectations, Folders, Interrupted,
                 Shapes, Proxies, CloserLooks):
        together.addTests(loader.loadTestsFromTestCase(case))
    return together


if __name__ == "__main__":
    try:
        unittest.main()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
