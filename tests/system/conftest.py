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

    def __init__(self, cores, system="demo"):
        self.cores = cores
        argv = ["run", "--cores", str(cores), "--system", system]
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

    def get(self, cores):
        m = self.kept.get(cores)
        if m is None or not m.alive():
            m = self.kept[cores] = Machine(cores)
        return m

    def drop(self, cores):
        m = self.kept.pop(cores, None)
        if m:
            m.close()

    def close(self):
        for cores in list(self.kept):
            self.drop(cores)


@pytest.fixture(scope="session")
def built():
    done = subprocess.run([os.path.join(ROOT, "skerry"), "build"], cwd=ROOT, timeout=600,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def machines(built):
    m = Machines()
    yield m
    m.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed_here = outcome.get_result().failed


def lend(request, machines, cores):
    yield machines.get(cores)
    if getattr(request.node, "failed_here", True):
        machines.drop(cores)


@pytest.fixture
def four(request, machines):
    """A four-core machine at its prompt."""
    yield from lend(request, machines, 4)


@pytest.fixture
def boot(built):
    """boot(cores, system): a machine of one's own."""
    mine = []

    def start(cores, system="demo"):
        mine.append(Machine(cores, system))
        return mine[-1]
    yield start
    for m in mine:
        m.close()
