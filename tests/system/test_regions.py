# Regions that change hands on the machines: between two cores and on one, where an MMU maps them and
# where an MPU does; then the consumer, or its core, is gone, and nothing is left over.
# SPDX-License-Identifier: BSD-2-Clause
import re
import time

import pytest

from conftest import build, lend

AN521 = "mps2-an521"
GONE_OR_HERE = re.compile(r"status [34]")  # of handover: it is in one place, or nowhere
USED = ("pages", "tasks", "handles", "ends", "channels", "regions")


class Arm64:
    consumer, elsewhere = 1, 3
    sizes = (1, 7, 64)
    always = False

    def __init__(self, machine):
        self.machine, self.run, self.spawn = machine, machine.run, machine.spawn
        self.tid = self.begin()

    def begin(self):
        return self.spawn(f"-c {self.consumer} consumer")

    def end(self):
        assert self.run(f"kill {self.tid}") == ""
        assert "killed" in self.run(f"wait {self.tid}")


class An521(Arm64):
    consumer, elsewhere = 1, 0
    sizes = (1, 2)
    always = True

    def begin(self):
        """It is always there."""
        return self.machine.tid("consumer", 1)

    def end(self):
        pass


@pytest.fixture
def small(request, machines):
    build("--board", AN521, "--system", "handover")
    yield from lend(request, machines, 2, "handover", AN521)


@pytest.fixture(params=[pytest.param("arm64", marks=pytest.mark.board("virt-arm64")),
                        pytest.param("an521", marks=pytest.mark.board(AN521))])
def system(request):
    if request.param == "arm64":
        system = Arm64(request.getfixturevalue("four"))
    else:
        system = An521(request.getfixturevalue("small"))
    yield system
    system.end()


def used(system, core):
    """When all that has ended is put away."""
    last = None
    for _ in range(50):
        now = {k: v for k, v in system.machine.stats(core).items() if k in USED}
        if now == last:
            return now
        last = now
        time.sleep(0.05)
    return last


def nothing_left(system, core, before):
    """Nothing more than before is in use. (Less may be: the channel by which a core's init asks that
    of another ends with that, and is made again when it is wanted.)"""
    now = used(system, core)
    return (now["pages"] >= before["pages"] and  # those that are free
            all(now[k] <= before[k] for k in now if k != "pages"))


def rounds(system, core, count, pages=1):
    assert system.run(f"run -c {core} handover {count} {pages}") == \
        f"handover: {pages} pages {count} times from core {core} to core {system.consumer} and back"


def test_a_region_goes_to_and_fro(system):
    for core in (system.elsewhere, system.consumer):
        for pages in system.sizes:
            rounds(system, core, 8, pages)


def test_it_is_gone_with_who_has_it_or_here(system):
    core = system.elsewhere
    rounds(system, core, 1)
    before = used(system, core)
    for _ in range(3):
        tid = system.spawn(f"-c {core} handover 1000000")
        assert "rror" not in system.run(f"kill {system.tid}")
        assert GONE_OR_HERE.search(system.run(f"wait {tid}"))
        assert nothing_left(system, core, before)
        system.tid = system.begin()
        rounds(system, core, 2)


def test_the_consumers_core_begins_anew(system):
    core = system.elsewhere
    rounds(system, core, 1)
    before = used(system, core)
    for _ in range(2):
        tid = system.spawn(f"-c {core} handover 1000000")
        system.run(f"core restart {system.consumer}")
        assert GONE_OR_HERE.search(system.run(f"wait {tid}"))
        system.tid = system.begin()
        rounds(system, core, 2)
        assert nothing_left(system, core, before)


def test_the_home_of_what_is_worked_on_begins_anew(system):
    """The producer's core is lost: the consumer goes on, and serves the next one."""
    if system.elsewhere == 0:
        pytest.skip("core 0 has the console")
    rounds(system, system.elsewhere, 2)
    before = used(system, system.consumer)
    for _ in range(2):
        system.spawn(f"-c {system.elsewhere} handover 1000000 3")
        assert "runs again" in system.run(f"core restart {system.elsewhere}")
        rounds(system, system.elsewhere, 2)
        assert nothing_left(system, system.consumer, before)
