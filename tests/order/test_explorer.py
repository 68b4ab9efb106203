# The explorer (explore.h) finds nothing wrong with base/ring.h and base/level.h, and something wrong
# with each of them in which any one order is weakened. Twice: as between kernels, where both sides of
# the light and heavy pairs are seq, and in the asymmetric variant (model.h), where a sleeper's barrier
# of all threads stands for all that a publisher does not pay.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

from conftest import places, run

RESULT = re.compile(r"^(\w+) +(\d+) runs, +(\d+) states, +[\d.]+ s  (ok|FAILED)$", re.M)
SITE = re.compile(r"^site (\S+):(\d+) (\w+) in \w+: (\d+) times$", re.M)


VARIANTS = {"symmetric": ([], 10, ("ring.h", "level.h")),
            "asymmetric": (["--asymmetric", "yes"], 6, ("ring.h",))}


def explore(*argv, marks="quarter"):
    return run(f"build/order/{marks}/explore", *argv)


@pytest.mark.parametrize("marks", ["quarter", "each"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_run_of_every_scenario(variant, marks):
    options, count, headers = VARIANTS[variant]
    done = explore(*options, "--sites", marks=marks)
    print(done.stdout)
    assert done.returncode == 0
    results = RESULT.findall(done.stdout)
    assert len(results) == count and all(verdict == "ok" for *_, verdict in results)
    # Nothing in the headers is out of the scenarios' reach.
    met = {(file, int(line), call) for file, line, call, _ in SITE.findall(done.stdout)}
    assert {m for m in met if m[0] in headers} == {
        p for p in places() if p[0] in headers}


def mutants():
    """Each order one step weaker, and where that is another step, none at all. In the asymmetric
    variant: a heavy store without the barrier, a load that the compiler put before its store."""
    for variant, (_, _, headers) in VARIANTS.items():
        for file, line, call in places():
            kind = call.split("_")[1]
            if kind == "relaxed" or file not in headers:
                continue
            if variant == "asymmetric" and call in ("load_light", "load_heavy"):
                yield variant, f"{file}:{line}=early"
                continue
            yield variant, f"{file}:{line}"
            if kind == "seq" or (kind in ("light", "heavy") and variant == "symmetric"):
                yield variant, f"{file}:{line}=relaxed"


@pytest.mark.parametrize("variant, mutant", mutants())
def test_weakened(variant, mutant):
    options = VARIANTS[variant][0]
    done = explore(*options, "--weaken", mutant)
    print(done.stdout)
    assert done.returncode == 1
    (caught,) = [name for name, *_, verdict in RESULT.findall(done.stdout) if verdict == "FAILED"]
    why = re.search(r"FAILED\n  (.*)\n  again: --scenario (\S+) --choices (\S*)$", done.stdout, re.M)
    print(f"{mutant} is caught by {caught}: {why[1]}")
    # The choices that it prints lead there again, and nowhere else.
    again = explore(*options, "--weaken", mutant, "--scenario", why[2], "--choices", why[3])
    assert again.returncode == 1 and why[1] in again.stdout
    # What the barrier and the compiler's order are for is that nobody sleeps for ever.
    stores = [f"{p[0]}:{p[1]}" for p in places() if p[2] == "store_heavy"]
    if variant == "asymmetric" and (mutant.endswith("=early") or mutant in stores):
        assert why[1].startswith("lost wake-up")


def test_says_when_there_is_no_such_place():
    assert explore("--scenario", "fact", "--weaken", "ring.h:1").returncode == 2
