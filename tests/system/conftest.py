# The system under test: the image that `./skerry run` boots, booted by `./skerry run`, spoken to at
# its console. A machine is booted once for each number of cores and kept while it is healthy.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

import pexpect
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PROMPT = "skerry> "
# Two shared host cores emulate up to eight: time-outs only say "it hangs", never "it is slow".
BOOT_SECONDS = 120
COMMAND_SECONDS = 120


class Machine:
    """One booted system. run(line) types a command and returns what it printed."""

    def __init__(self, cores, system="demo", board="virt-arm64"):
        self.cores = cores
        argv = ["run", "--board", board, "--cores", str(cores), "--system", system]
        self.tty = pexpect.spawn(os.path.join(ROOT, "skerry"), argv, cwd=ROOT, timeout=BOOT_SECONDS,
                                 encoding="utf-8", codec_errors="replace", echo=False,
                                 dimensions=(50, 500))
        self.boot_text = self.until(PROMPT, BOOT_SECONDS)

    def until(self, pattern, seconds=COMMAND_SECONDS):
        """What comes before the text `pattern`."""
        self.tty.expect_exact(pattern, timeout=seconds)
        return self.tty.before.replace("\r", "")

    def type(self, line):
        self.tty.send(line + "\r")

    def run(self, line, seconds=COMMAND_SECONDS):
        self.type(line)
        self.until(line, seconds)
        return self.until("\n" + PROMPT, seconds).strip("\n")

    def wait_for(self, regex, seconds=COMMAND_SECONDS):
        self.tty.expect(regex, timeout=seconds)
        return self.tty.match

    def tid(self, name, core=None):
        """The tid of the program of that name in `ps`, or None."""
        for line in self.run("ps").splitlines():
            word = line.split()
            if len(word) > 2 and word[-1] == name and (core is None or word[1] == str(core)):
                return word[0]
        return None

    def spawn(self, line):
        """spawn ...: the new task's tid."""
        out = self.run("spawn " + line)
        found = re.search(r"^(\d+\.\d+\.\d+)$", out, re.M)
        assert found, out
        return found.group(1)

    def stats(self, core):
        """The counters that must be back where they were once all has been given back."""
        out = self.run(f"stats {core}")
        return {k: int(v) for k, v in re.findall(r"(\w+) (\d+)", out)}

    def alive(self):
        return self.tty.isalive()

    def close(self):
        self.tty.close(force=True)


class Machines:
    """Boots on demand, hands the same machine out again, replaces one that a test has ruined."""

    def __init__(self):
        self.kept = {}

    def get(self, *what):
        """what: as a Machine is made."""
        m = self.kept.get(what)
        if m is None or not m.alive():
            m = self.kept[what] = Machine(*what)
        return m

    def drop(self, *what):
        m = self.kept.pop(what, None)
        if m:
            m.close()

    def close(self):
        for what in list(self.kept):
            self.drop(*what)


def build(*options):
    done = subprocess.run([os.path.join(ROOT, "skerry"), "build", *options], cwd=ROOT, timeout=600,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def built():
    build()


@pytest.fixture(scope="session")
def built_an521():
    build("--board", "mps2-an521")


@pytest.fixture(scope="session")
def machines():
    m = Machines()
    yield m
    m.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed_here = outcome.get_result().failed


def lend(request, machines, *what):
    yield machines.get(*what)
    if getattr(request.node, "failed_here", True):
        machines.drop(*what)


@pytest.fixture
def four(request, built, machines):
    """A four-core machine at its prompt."""
    yield from lend(request, machines, 4)


@pytest.fixture
def an521(request, built_an521, machines):
    """The two cores of mps2-an521 at their prompt."""
    yield from lend(request, machines, 2, "demo", "mps2-an521")


@pytest.fixture
def boot(built):
    """boot(cores, system, board): a machine of one's own."""
    mine = []

    def start(*what):
        mine.append(Machine(*what))
        return mine[-1]
    yield start
    for m in mine:
        m.close()
