# Shapes of channels and broadcast between programs, on one core and across cores, in both message
# modes, with receivers and senders that are killed: what the receivers are told must add up.
# SPDX-License-Identifier: BSD-2-Clause

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from scenarios import CALM, HALT, script, typed  # noqa: E402
from test_scenarios import CORES, MODES, SEEDS, SEEDS_SAN, run  # noqa: E402


def spawn(core, command, name):
    return typed(f"spawn -c {core} {command}", "\n") + [f"={name}"]


def shapes_add_up(cores):
    """A sender that never waits, receivers that are slow, on every core."""
    parts = spawn(cores - 1, "shaper", "SHAPER")
    for i, core in enumerate(range(cores)):
        for shape, count in (("ring", 300 + i), ("latest", 200 + i), ("count", 400 + i)):
            parts += typed(f"run -c {core} shapes {shape} {count}",
                           f"shapes: {shape} on core {core}: {count} of {count} in", "adds up")
    return script(CALM, parts, HALT)


def shapes_at_once(cores):
    """Streams side by side, a receiver killed in the middle of one: the others do not notice."""
    parts = spawn(0, "shaper", "SHAPER") + spawn(cores - 1, "shapes ring 10000000", "VICTIM")
    shapes = ("ring", "latest", "count")
    for core in range(cores):
        parts += spawn(core, f"shapes {shapes[core % 3]} 300", f"TID{core}")
    parts += ["~5"] + typed("kill $VICTIM") + typed("wait $VICTIM", "killed")
    for core in range(cores):
        parts += typed(f"wait $TID{core}", "status 0")
    return script(CALM, parts, typed("run shapes count 50", "adds up"), HALT)


def shaper_dies(cores):
    """What the sender kept goes with it; what it had sent is received, and adds up so far."""
    parts = []
    for shape in ("ring", "latest", "count"):
        parts += spawn(cores - 1, "shaper", "SHAPER")
        parts += typed(f"spawn -c 0 shapes {shape} 10000000", "\n") + ["~12"]
        parts += typed("kill $SHAPER")
        parts += [f"<shapes: {shape} on core 0:", "<the sender died"]
    return script(CALM, parts, HALT)


def broadcast(cores):
    """A quick, a slow and a dying receiver of each policy; the sender goes on with the others."""
    parts = spawn(cores - 1, "broadcast 500 4", "SENDER")
    at = [c % cores for c in range(5)]
    parts += spawn(at[0], "listen wait 2", "WAITS") + spawn(at[1], "listen overwrite 9", "SLOW")
    parts += spawn(at[2], "listen disconnect 60", "OUT") + spawn(at[3], "listen overwrite", "QUICK")
    parts += spawn(at[4], "listen wait 4", "VICTIM")
    parts += ["~8"] + typed("kill $VICTIM") + typed("wait $VICTIM", "killed")
    for name in ("WAITS", "SLOW", "OUT", "QUICK"):
        parts += typed(f"wait ${name}", "status 0")
    return script(CALM, parts, typed("wait $SENDER", "status 0"), HALT)


def broadcaster_dies(cores):
    """Who hears it is told; whoever is just asking for it, too (and ends with another status)."""
    parts = ["!does not add up"] + spawn(0, "broadcast 10000000", "SENDER")
    for core in range(cores):
        parts += spawn(core, "listen overwrite 5", f"TID{core}")
    parts += ["~10"] + typed("kill $SENDER") + typed("wait $TID0", "status 0")
    for core in range(1, cores):
        parts += typed(f"wait $TID{core}", "status")
    return script(CALM, parts, HALT)


@pytest.mark.parametrize("cores", CORES[:3])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", [shapes_add_up, shapes_at_once, shaper_dies, broadcast,
                                      broadcaster_dies], ids=lambda s: s.__name__)
def test_shapes(scenario, mode, cores, tmp_path):
    text = scenario(cores)
    run(f"host-{mode}", scenario.__name__, text, cores, [], max(1, SEEDS // 4), tmp_path)
    run(f"host-{mode}-san", scenario.__name__, text, cores, [], max(1, SEEDS_SAN // 2), tmp_path)
