# The explorer (explore.h) finds nothing wrong with base/ring.h and base/level.h, and something wrong
# with each of them in which any one acquire, release or seq is weakened.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

from conftest import places, run

RESULT = re.compile(r"^(\w+) +(\d+) runs, +(\d+) states, +[\d.]+ s  (ok|FAILED)$", re.M)
SITE = re.compile(r"^site (\S+):(\d+) (\w+) in \w+: (\d+) times$", re.M)


def explore(*argv, marks="quarter"):
    return run(f"build/order/{marks}/explore", *argv)


@pytest.mark.parametrize("marks", ["quarter", "each"])
def test_every_run_of_every_scenario(marks):
    done = explore("--sites", marks=marks)
    print(done.stdout)
    assert done.returncode == 0
    results = RESULT.findall(done.stdout)
    assert len(results) == 9 and all(verdict == "ok" for *_, verdict in results)
    # Nothing in the headers is out of the scenarios' reach.
    met = {(file, int(line), call) for file, line, call, _ in SITE.findall(done.stdout)}
    assert {m for m in met if m[0] in ("ring.h", "level.h")} == set(places())


def mutants():
    """Each order one step weaker, and where that is another step, none at all."""
    for file, line, call in places():
        kind = call.split("_")[1]
        if kind != "relaxed":
            yield f"{file}:{line}"
        if kind == "seq":
            yield f"{file}:{line}=relaxed"


@pytest.mark.parametrize("mutant", mutants())
def test_weakened(mutant):
    done = explore("--weaken", mutant)
    print(done.stdout)
    assert done.returncode == 1
    (caught,) = [name for name, *_, verdict in RESULT.findall(done.stdout) if verdict == "FAILED"]
    why = re.search(r"FAILED\n  (.*)\n  again: --scenario (\S+) --choices (\S*)$", done.stdout, re.M)
    print(f"{mutant} is caught by {caught}: {why[1]}")
    # The choices that it prints lead there again, and nowhere else.
    again = explore("--weaken", mutant, "--scenario", why[2], "--choices", why[3])
    assert again.returncode == 1 and why[1] in again.stdout


def test_says_when_there_is_no_such_place():
    assert explore("--scenario", "fact", "--weaken", "ring.h:1").returncode == 2
