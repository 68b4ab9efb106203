# mps2-an521 under load: the system `stress`, with sixteen clients of one service on both cores, and
# programs that ask the kernels for nonsense beside them.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

BOARD = "mps2-an521"
CORES = (0, 1)
pytestmark = pytest.mark.board(BOARD)
FINE = r"portclients: core {core}, 8 connections, \d+ rounds, (\d+) deaths: ok"


@pytest.fixture(scope="module")
def stress(machines, built_an521):
    return machines.get(2, "stress", BOARD)


def in_use(machine):
    return [{k: v for k, v in machine.stats(core).items()
             if k in ("pages", "tasks", "handles", "ends", "chans", "ports", "regions")}
            for core in CORES]


def settled(machine):
    for core in CORES:
        machine.run(f"run -c {core} portclients echo 1 1")
    return in_use(machine)


def ended_well(machine, tid, core):
    """How often the client's service died meanwhile."""
    out = machine.run(f"wait {tid}", seconds=300)
    assert out.splitlines()[-1] == "status 0", out
    found = re.search(FINE.format(core=core), out)
    return int(found.group(1)) if found else None


def test_sixteen_clients_of_one_service_on_two_cores(stress):
    before = settled(stress)
    clients = [stress.spawn(f"-c {core} portclients echo 8 600") for core in CORES]
    ends = 0
    while ends < 17:  # sixteen, and its init
        ps = stress.run("ps")
        assert "portclients" in ps, "they ended before all were connected"
        ends = int(re.search(r"(\d+) +\d+ +echo$", ps, re.M).group(1))
    for core, tid in zip(CORES, clients):
        assert not ended_well(stress, tid, core)  # none, or told before
    assert settled(stress) == before


@pytest.mark.parametrize("core", CORES)
def test_calls_that_make_no_sense(stress, core):
    assert re.search(r"\d\d checks passed, 0 failed", stress.run(f"run -c {core} mpucalls"))


def test_calls_that_make_no_sense_beside_clients(stress):
    before = settled(stress)
    clients = [stress.spawn(f"-c {core} portclients echo 4 400") for core in CORES]
    for core in CORES:
        assert re.search(r"\d\d checks passed, 0 failed", stress.run(f"run -c {core} mpucalls"))
    for core, tid in zip(CORES, clients):
        out = stress.run(f"wait {tid}", seconds=300)
        assert out.splitlines()[-1] == "status 0", out
    assert settled(stress) == before


def test_T2_many_connections_to_a_core_that_begins_again(stress):
    before = settled(stress)
    client = stress.spawn("-c 0 portclients echo 8 3000")
    for _ in range(8):
        assert "2 round trips" in stress.run("ping echo 2")
        stress.type("core restart 1")
        stress.wait_for("core 1 runs again")
        stress.type("")
        stress.until("skerry> ")
    deaths = ended_well(stress, client, 0)
    assert deaths is not None and deaths >= 4
    assert settled(stress) == before
