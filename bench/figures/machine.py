# Builds what is measured and runs it in the counting emulator.
# SPDX-License-Identifier: BSD-2-Clause

import os
import subprocess
import tempfile

from . import regions

TOOLS = "build/bench"
SECONDS = 240
# No network card and no clock of the host: two runs are the same, but for timers that become due
# while a core runs (docs/figures.md).
ALWAYS = ["-display", "none", "-monitor", "none", "-nic", "none", "-rtc", "clock=vm",
          "-icount", "shift=0,sleep=off"]


class Failed(Exception):
    """Carries what to say."""


def build(*targets, **variables):
    argv = ["make", f"-j{os.cpu_count() or 1}", *targets]
    done = subprocess.run(argv + [f"{k}={v}" for k, v in variables.items()],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failed(f"the build of {' '.join(targets)} failed\n{done.stdout}")


def run(board, image, cores, options=(), seconds=SECONDS):
    """(counts, what the guest printed). The guest must come to its last marker."""
    with tempfile.TemporaryDirectory() as folder:
        return run_in(folder, board, image, cores, options, seconds)


def run_in(folder, board, image, cores, options, seconds):
    out, console = f"{folder}/counts", f"{folder}/console"
    plugin = ",".join([f"{TOOLS}/count.so", f"out={out}", *options])
    argv = [word.format(cores=cores) for word in board.qemu] + ALWAYS
    argv += ["-serial", f"file:{console}", "-plugin", plugin, "-kernel", image]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds)
        error = "\n".join(line for line in done.stderr.splitlines() if "warning: nic" not in line)
    except subprocess.TimeoutExpired:
        error = f"not finished after {seconds} s"
    text = ""
    if os.path.exists(console):
        with open(console, encoding="utf-8", errors="replace") as f:
            text = f.read().replace("\r", "")
    if error or not os.path.exists(out):
        raise Failed(f"{image}: {error.strip()}\n{text[-2000:]}")
    with open(out, encoding="utf-8") as f:
        return regions.read_counts(f.read()), text


def floor_image(board):
    return f"{TOOLS}/{board.name}/floor.elf"


def floor(board, options=()):
    """The floor program's counts: a loop of known length, and doorbells with nothing else."""
    return run(board, floor_image(board), 2, options, seconds=30)[0]
