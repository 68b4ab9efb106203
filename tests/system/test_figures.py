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
AN521 = "mps2-an521"
BOTH = [pytest.param("virt-arm64", marks=pytest.mark.board("virt-arm64")),
        pytest.param(AN521, marks=pytest.mark.board(AN521))]
LONGEST_PATH = 20000  # instructions; but for a core that begins again


def bench(*options):
    return subprocess.run([sys.executable, "-B", "bench/guest.py", *options], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)


class Figures:
    """{figure: its row} of a board, measured once; fails if two runs differ in a median."""

    def __init__(self):
        self.kept = {}

    def of(self, board):
        if board not in self.kept:
            done = bench("--board", board, "--csv", "--repeat")
            assert done.returncode == 0, done.stderr
            self.kept[board] = {r["figure"]: r for r in csv.DictReader(done.stdout.splitlines())}
        return self.kept[board]


@pytest.fixture(scope="module")
def all_figures():
    return Figures()


@pytest.fixture(params=BOTH)
def board(request):
    return request.param


@pytest.fixture
def figures(board, all_figures):
    return all_figures.of(board)


@pytest.fixture
def arm64(all_figures):
    return all_figures.of("virt-arm64")


@pytest.fixture
def an521(all_figures):
    return all_figures.of(AN521)


def median(figures, name):
    return int(figures[name]["all_median"])


def test_markers_cost_nothing(figures):
    assert figures["nothing"]["all_max"] == "0"


def test_every_operation_costs_something(figures):
    counted = [f for f in figures.values() if f["unit"] == "instructions" and f["own_min"]]
    assert len(counted) >= 15
    for f in counted:
        assert f["figure"] == "nothing" or int(f["own_min"]) > 0, f
        assert int(f["all_min"]) >= int(f["own_min"]), f


def test_messages_between_running_cores_enter_no_kernel(arm64):
    assert arm64["far_send"]["kernels_median"] == "0"
    assert arm64["far_receive"]["kernels_median"] == "0"


def test_within_what_is_acceptable(board, figures):
    over = {}
    for figure, (which, reference) in peers.MEASURE[board].items():
        column = {"own": "own_median", "every": "all_median"}[which]
        count = int(figures[figure][column])
        if count > ACCEPTABLE * reference:
            over[figure] = count
    assert not over


def test_sizes(arm64):
    assert 0 < median(arm64, "kernel_text") < median(arm64, "kernel_bytes")
    assert median(arm64, "core_private") > 0
    assert 0 < median(arm64, "lines_0") <= 6500  # docs/adr/0016


@pytest.mark.board(AN521)
def test_small(an521):
    assert 0 < median(an521, "kernel_text") < median(an521, "kernel_bytes")
    assert median(an521, "kernel_bytes") <= 44 * 1024  # docs/adr/0016
    assert median(an521, "kernel_ram") <= 4096
    assert median(an521, "demo_flash") <= 256 * 1024
    assert median(an521, "demo_ram") <= 128 * 1024


@pytest.mark.board(AN521)
def test_every_way_into_the_kernel_is_bounded(an521):
    paths = {name: int(f["own_max"]) for name, f in an521.items() if name.startswith("path ")}
    for kind in ("system call chan_call", "system call close", "timer", "doorbell",
                 "device interrupt", "fault, and a piece of a teardown"):
        assert 0 < paths[f"path {kind}"], kind
    long = {k: n for k, n in paths.items() if n > LONGEST_PATH and "begin again" not in k}
    assert not long


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
