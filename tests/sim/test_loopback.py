# A task that is its own client gets an answer or a refusal, never an endless wait (D18): by name and
# with both ends of a channel in one hand, in both message modes, while others do the same.
# SPDX-License-Identifier: BSD-2-Clause

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from scenarios import CALM, ECHO, HALT, same, script, stats, typed  # noqa: E402
from test_scenarios import MODES, SEEDS, SEEDS_SAN, run  # noqa: E402


def loopback(cores):
    """On each core; names may live on another one. Afterwards all is back."""
    def once():
        return [line for core in range(cores)
                for line in typed(f"run -c {core} loopback", f"loopback: core {core}: ok")]
    return script(CALM, "!status 1\n".splitlines(), once(), ["~20"], stats("BEFORE", cores), once(),
                  ["~20"], same("BEFORE", cores), ECHO, HALT)


@pytest.mark.parametrize("cores", [1, 2, 4])
@pytest.mark.parametrize("mode", MODES)
def test_D18_who_calls_itself_is_answered_or_refused(mode, cores, tmp_path):
    text = loopback(cores)
    run(f"host-{mode}", "loopback", text, cores, [], max(1, SEEDS // 2), tmp_path)
    run(f"host-{mode}-san", "loopback", text, cores, [], SEEDS_SAN, tmp_path)
