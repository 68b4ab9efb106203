# Loans between programs, on one core and across cores, in both message modes: what is lent comes
# back whole, a broker moves bytes between two clients, and whoever is killed or loses patience, the
# other is told and all goes on.
# SPDX-License-Identifier: BSD-2-Clause

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from scenarios import CALM, ECHO, HALT, script, typed  # noqa: E402
from test_scenarios import CORES, MODES, SEEDS, SEEDS_SAN, run  # noqa: E402

SIZES = (1, 4095, 4096, 4097, 16384)


def spawn(core, command, name):
    return typed(f"spawn -c {core} {command}", "\n") + [f"={name}"]


def broker(cores):
    return spawn(cores - 1, "broker", "BROKER")


def there_and_back(cores):
    parts = broker(cores)
    for i, size in enumerate(SIZES):
        core = i % cores
        parts += typed(f"run -c {core} lend {size}",
                       f"lend: {size} bytes there and back on core {core}")
    parts += typed("run lend 16385", "lend: put: too big")
    parts += typed("run lend twice", "lend: twice: bad argument")
    return script(CALM, parts, HALT)


def a_broker_between_two_clients(cores):
    """Neither is mapped by it; the two are on any cores, and one more is turned away."""
    parts = broker(cores)
    for core in range(cores):
        parts += spawn(core, "lend offer 9000", "OFFER") + ["~3"]
        parts += typed(f"run -c {cores - 1 - core} lend take 9000", "lend: take: ok")
        parts += typed("wait $OFFER", "status 0")
    parts += spawn(0, "lend offer 100", "FIRST") + ["~30"]
    parts += typed(f"run -c {cores - 1} lend offer 100", "lend: offer: busy")
    parts += typed("kill $FIRST") + typed("wait $FIRST", "killed")
    parts += spawn(cores - 1, "lend take 5000", "TAKE") + ["~3"]
    parts += typed("run lend offer 5000", "lend: offer: ok") + typed("wait $TAKE", "status 0")
    return script(CALM, parts, HALT)


def the_lender_loses_patience(cores):
    """The loan is over, and the broker hears it at its next use. Across cores nothing has changed."""
    parts = broker(cores)
    for core in range(cores):
        byte = "changed" if core == cores - 1 else "0"
        parts += typed(f"run -c {core} lend keep 20", f"lend: keep: timed out, the byte is {byte}")
        parts += ["~3"] + typed(f"run -c {core} lend last", "lend: last: used well, then over: ")
    return script(CALM, parts, typed("run lend 5000", "there and back"), HALT)


def the_lender_is_killed(cores):
    parts = broker(cores)
    for core in range(cores):
        parts += spawn(core, "lend keep 60000", "KEEP") + ["~15"]
        parts += typed("kill $KEEP") + typed("wait $KEEP", "killed") + ["~3"]
        parts += typed("run lend last", "lend: last: used well, then over: ")
        parts += typed(f"run -c {core} lend 4096", "there and back")
    return script(CALM, parts, HALT)


def the_broker_is_killed(cores):
    parts = []
    for core in range(cores):
        parts += broker(cores)
        parts += typed(f"spawn -c {core} lend offer 5000", "\n") + ["=LEND", "~15"]
        parts += typed("kill $BROKER") + ["<lend: offer: peer is dead"]
        parts += typed("wait $LEND", "status 1")
    return script(CALM, parts, broker(cores), typed("run lend 100", "there and back"), HALT)


SCENARIOS = [there_and_back, a_broker_between_two_clients, the_lender_loses_patience,
             the_lender_is_killed, the_broker_is_killed]


@pytest.mark.parametrize("cores", [c for c in CORES if c <= 4])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
def test_loans(scenario, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, [], max(1, SEEDS // 2), tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, [], SEEDS_SAN, tmp_path)


def a_core_begins_anew(cores):
    """With loans to it and from it in the air; what was in doubt is back, and loans work again."""
    parts = []
    for _ in range(3):
        parts += broker(cores) + ["~5"]
        parts += typed("spawn lend offer 9000", "\n") + ["~5"]
        parts += typed("spawn lend keep 5", "\n") + ["~3"]
        parts += typed(f"core restart {cores - 1}", f"core {cores - 1} runs again")
        parts += ["~30"]
    return script(CALM, parts, broker(cores), typed("run lend 16384", "there and back"), ECHO, HALT)


@pytest.mark.parametrize("mode", MODES)
def test_a_core_begins_anew(mode, tmp_path):
    for options in ([], ["--lost-bell", "8"]):
        run(f"host-{mode}", "anew", a_core_begins_anew(2), 2, options, max(1, SEEDS // 2), tmp_path)
    run(f"host-{mode}-san", "anew", a_core_begins_anew(2), 2, [], SEEDS_SAN, tmp_path)
