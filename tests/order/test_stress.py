# The real ring between two threads on two processors (native/stress.c): every message arrives once,
# in order, as it was sent, whoever sleeps is woken, and the thread sanitizer sees every access of
# the two ordered.
# SPDX-License-Identifier: BSD-2-Clause
import pytest

from conftest import run

SEEDS = (1, 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("program, messages", [("stress", 300000), ("stress-tsan", 100000)])
def test_stress(program, messages, seed):
    done = run(f"build/order/{program}", str(messages), str(seed))
    print(done.stdout)
    assert done.returncode == 0
    assert done.stdout.count(f"{messages} passed") == 2
    assert "the sender slept 0 times" not in done.stdout.splitlines()[0]


# With the seam of Linux, both ways in which a sleeper can be sure to be seen.
@pytest.mark.parametrize("fenced", [False, True], ids=["asymmetric", "fenced"])
@pytest.mark.parametrize("program, messages", [("stress-linux", 300000),
                                               ("stress-linux-tsan", 100000)])
def test_stress_linux(program, messages, fenced):
    done = run("env", *(["FENCED=1"] if fenced else []), f"build/order/{program}", str(messages),
               str(SEEDS[0]), "ring")
    print(done.stdout)
    assert done.returncode == 0
    assert done.stdout.count(f"{messages} passed") == 1
    assert "the sender slept 0 times" not in done.stdout


def test_the_sanitizer_sees_a_missing_acquire():
    done = run("build/order/stress-weak", "20000", str(SEEDS[0]))
    assert done.returncode != 0 and "data race" in done.stdout
