# A task that is its own client, on a machine whose rings are memory.
# SPDX-License-Identifier: BSD-2-Clause


def test_D18_who_calls_itself_is_answered_or_refused(four):
    for core in (0, 3):
        assert four.run(f"run -c {core} loopback") == f"loopback: core {core}: ok"
