# When a loss that nobody asked for is the host's doing: tests/system/stalls.py.
# SPDX-License-Identifier: BSD-2-Clause
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../system"))
from stalls import Stalls, count  # noqa: E402


def samples(*waits):
    """Of one thread, each 0.05 s, by how much it had waited since the last, in milliseconds."""
    total, found = 0, []
    for i, ms in enumerate((0, *waits)):
        total += ms
        found.append((i * 0.05, {"1": total / 1000}))
    return found


def test_nobody_waits():
    assert count([]) == count(samples(0)) == count(samples(*[10] * 100)) == 0


def test_one_wait_is_one_stall():
    assert count(samples(0, 0, 300, 0, 0)) == 1
    assert count(samples(0, 60, 60, 60, 0)) == 1  # in pieces
    assert count(samples(60, *[0] * 20, 60, *[0] * 20, 60)) == 0  # far apart


def test_two_waits_are_two_stalls():
    assert count(samples(0, 700, *[0] * 20, 400, 0)) == 2


def test_threads_are_not_added_up():
    both = [(t, {"1": w["1"], "2": w["1"]}) for t, w in samples(0, 100, 0)]
    assert count(both) == 0


def test_a_thread_that_begins_has_not_waited():
    assert count([(0, {}), (0.05, {"1": 5.0}), (0.1, {"1": 5.0})]) == 0


def test_a_process_is_watched():
    with Stalls(os.getpid()) as stalls:
        while not stalls.samples and stalls.thread.is_alive():
            stalls.over.wait(0.01)
    assert stalls.samples and str(os.getpid()) in stalls.samples[0][1]
