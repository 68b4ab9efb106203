# Shapes of channels on a machine whose rings are memory, between programs of different cores.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest


@pytest.mark.parametrize("shape", ["ring", "latest", "count"])
def test_T7_what_is_told_adds_up(four, shape):
    shaper = four.spawn("-c 1 shaper")
    for core in (1, 3):
        out = four.run(f"run -c {core} shapes {shape} 400")
        assert re.fullmatch(rf"shapes: {shape} on core {core}: 400 of 400 in \d+ receptions: "
                            r"adds up", out)
    assert four.run(f"kill {shaper}") == ""


def test_T7_broadcast_to_three_cores(four):
    sender = four.spawn("-c 0 broadcast 120 3")
    listeners = [four.spawn(f"-c {core} listen {policy}")
                 for core, policy in enumerate(("overwrite 4", "wait 2", "disconnect 30"))]
    for tid in [sender] + listeners:
        assert "status 0" in four.run(f"wait {tid}")
