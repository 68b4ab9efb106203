# The demo system of each board in the simulation: what its manifest says of cores, places, names and
# priorities is tried where every step is the same each time.
# SPDX-License-Identifier: BSD-2-Clause
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARDS = sorted(os.listdir(ROOT / "systems"))


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("mode", ["shared", "copy"])
@pytest.mark.parametrize("cores", [1, 2])
def test_demo(board, mode, cores):
    done = subprocess.run(
        [ROOT / f"build/host-{mode}/sim", "--system",
         ROOT / f"build/host/{board}/demo.system.bin", "--cores", str(cores), "--input", "-"],
        input=f"run -c {cores - 1} hello\nping echo 20\nhalt\n", capture_output=True, text=True,
        timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"hello from core {cores - 1}" in done.stdout
    assert "echo: 20 round trips" in done.stdout
