# `./skerry bench guest`: every figure is there, true to the instruction, and within what is asked.
# SPDX-License-Identifier: BSD-2-Clause
import csv
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
from figures import peers  # noqa: E402

ACCEPTABLE = 2  # times the reference


def bench(*options):
    return subprocess.run([sys.executable, "-B", "bench/guest.py", *options], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def figures():
    """{figure: its row}; fails if two runs differ in a single sample."""
    done = bench("--csv", "--repeat")
    assert done.returncode == 0, done.stderr
    return {row["figure"]: row for row in csv.DictReader(done.stdout.splitlines())}


def test_markers_cost_nothing(figures):
    assert figures["nothing"]["all_max"] == "0"


def test_every_operation_costs_something(figures):
    counted = [f for f in figures.values() if f["unit"] == "instructions"]
    assert len(counted) >= 15
    for f in counted:
        assert f["figure"] == "nothing" or int(f["own_min"]) > 0, f
        assert int(f["all_min"]) >= int(f["own_min"]), f


def test_messages_between_running_cores_enter_no_kernel(figures):
    assert figures["far_send"]["kernels_median"] == "0"
    assert figures["far_receive"]["kernels_median"] == "0"


@pytest.mark.parametrize("figure", sorted(peers.MEASURE))
def test_within_what_is_acceptable(figures, figure):
    which, reference = peers.MEASURE[figure]
    column = {"own": "own_median", "every": "all_median"}[which]
    assert int(figures[figure][column]) <= ACCEPTABLE * reference


def test_sizes(figures):
    assert 0 < int(figures["kernel_text"]["all_median"]) < int(figures["kernel_bytes"]["all_median"])
    assert int(figures["core_private"]["all_median"]) > 0
    assert 0 < int(figures["lines_0"]["all_median"]) <= 4000


def test_profile_names_functions():
    done = bench("--profile", "null_call")
    assert done.returncode == 0, done.stderr
    assert "kern_syscall" in done.stdout and "bench_main" in done.stdout


@pytest.mark.parametrize("options, text", [
    (["--board", "nonsense"], "nonsense"), (["--csw"], "--csw"), (["--profile"], "--profile")])
def test_wrong_option(options, text):
    done = bench(*options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and text in done.stderr
