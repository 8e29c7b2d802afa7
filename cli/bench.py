"""What the tests of busproof's command line share: starting it, its reports, servers to meet.

Threads: everything here may be used by several tests at once.
Errors: a run that takes longer than LIMIT_S fails its test.
"""
import base64
import concurrent.futures
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

BUSPROOF = os.environ["BUSPROOF"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
GOOD = [sys.executable, "-B", str(ROOT / "fixtures/adapters/python/adapter.py")]
BAD = [sys.executable, "-B", str(ROOT / "fixtures/adapters/bad/bad.py")]
PYTHON_TARGET = str(ROOT / "fixtures/targets/python.yaml")
LIMIT_S = 240  # A net for what hangs: the tests run beside each other, on a machine that may be slow.
WORKERS = 10  # Most of them wait for a bus that never answers.

INTERRUPTED, UNAVAILABLE, USAGE, NONCONFORMANT, STALE, INCOMPLETE = 130, 69, 64, 1, 3, 2

SCRATCH = pathlib.Path(tempfile.mkdtemp(prefix="busproof-cli-"))
NUMBERS = itertools.count()


def scratch(name):
    """A new folder."""
    folder = SCRATCH / f"{name}-{next(NUMBERS)}"
    folder.mkdir()
    return folder


def write(name, text):
    """A file of that name, alone in a folder."""
    path = scratch("file") / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(name, words):
    folder = SCRATCH / name
    ran = busproof("run", "--out", str(folder), "--seed", "1", *words)
    ran.folder = folder
    return ran


class Ran:
    """One run of busproof that has ended: code, out, err, seconds, folder."""

    def __init__(self, code, out, err, seconds, folder):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        self.folder = folder
        self.said = re.sub(r"\s+", " ", out + err)  # As a person reads it: lines are folded.

    def result(self):
        return json.loads((self.folder / "result.json").read_text(encoding="utf-8"))

    def case(self, case_id):
        return next(case for rule in self.result()["rules"] for case in rule["cases"]
                    if case["id"] == case_id)


def busproof(*words, folder=None):
    start = time.monotonic()
    done = subprocess.run([BUSPROOF, *words], cwd=folder, capture_output=True, timeout=LIMIT_S,
                          text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr, time.monotonic() - start, folder)


class Case(unittest.TestCase):
    def check_reports(self, ran):
        """The three reports are there and agree with each other and with the exit code."""
        result = ran.result()
        suites = xml.etree.ElementTree.parse(ran.folder / "junit.xml").getroot()
        page = (ran.folder / "report.html").read_text(encoding="utf-8")
        verdicts = {told.get("value") for told in suites.iter("property")
                    if told.get("name") == "verdict"}
        self.assertEqual(verdicts, {result["verdict"]})
        broken = sum(case["verdict"] in ("violated", "blocked") for rule in result["rules"]
                     for case in rule["cases"] if rule["level"] == "MUST")
        failures = [case.get("name") for case in suites.iter("testcase")
                    if case.find("failure") is not None or case.find("error") is not None]
        self.assertGreaterEqual(len(failures), broken)
        self.assertIn(result["verdict"], page.lower())
        for problem in result["problems"]:
            self.assertIn(f"problem, exit code {problem['exit_code']}", failures)
            self.assertIn(problem["message"][:40].split('"')[0], page)
        if result["problems"]:
            self.assertIn(ran.code, [problem["exit_code"] for problem in result["problems"]])
        elif ran.code == NONCONFORMANT:
            self.assertEqual(result["verdict"], "nonconformant")

    def check(self, name, words, code, *says, within=30):
        """A run with these words ends in time, with this code, saying this; reports and all."""
        ran = run(name, words)
        self.assertEqual(ran.code, code, ran.said)
        for words in says:
            self.assertRegex(ran.said, words)
        self.assertLess(ran.seconds, within, f"{name} took {ran.seconds:.1f} s")
        self.check_reports(ran)
        return ran

    def refuses(self, words, *says, command=("run",), code=USAGE):
        """Words that busproof turns down at once, saying why."""
        ran = busproof(*command, *words, folder=scratch("refused"))
        self.assertEqual(ran.code, code, ran.said)
        for word in says:
            self.assertRegex(ran.said, word)
        return ran


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every GET with the server's status: 101 is a handshake without a subprotocol."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.protocol_version = "HTTP/1.1"
        self.send_response(self.server.status)
        if self.server.status == 101:
            key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"),
                                ("Sec-WebSocket-Accept", accept)):
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def http_server(status):
    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    server.status = status
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Together(unittest.TestSuite):
    """Runs its tests on several threads; the slowest begin first."""

    def run(self, result, debug=False):
        def slow(test):
            return not any(word in test.id() for word in ("hang", "Unreachable", "Shapes", "hello"))
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda test: test(result), sorted(self, key=slow)))
        return result
