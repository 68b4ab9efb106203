# Builds what is measured and runs it in the counting emulator.
# SPDX-License-Identifier: BSD-2-Clause

import os
import subprocess
import tempfile

from . import regions

TOOLS = "build/bench"
SECONDS = 240
# No network card and no clock of the host: two runs are the same to the instruction.
QEMU = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a53", "-m", "512",
        "-display", "none", "-monitor", "none", "-nic", "none", "-rtc", "clock=vm",
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


def run(kernel, cores, options=(), seconds=SECONDS):
    """(counts, what the guest printed). The guest must come to its last marker."""
    with tempfile.TemporaryDirectory() as folder:
        return run_in(folder, kernel, cores, options, seconds)


def run_in(folder, kernel, cores, options, seconds):
    out, console = f"{folder}/counts", f"{folder}/console"
    plugin = ",".join([f"{TOOLS}/count.so", f"out={out}", *options])
    argv = QEMU + ["-smp", str(cores), "-serial", f"file:{console}", "-plugin", plugin,
                   "-kernel", kernel]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds)
        error = done.stderr
    except subprocess.TimeoutExpired:
        error = f"not finished after {seconds} s"
    text = ""
    if os.path.exists(console):
        with open(console, encoding="utf-8", errors="replace") as f:
            text = f.read().replace("\r", "")
    if error or not os.path.exists(out):
        raise Failed(f"{kernel}: {error.strip()}\n{text[-2000:]}")
    with open(out, encoding="utf-8") as f:
        return regions.read_counts(f.read()), text


def floor():
    """The floor program's counts: a loop of known length, and doorbells with nothing else."""
    return run(f"{TOOLS}/floor.elf", 2, seconds=30)[0]
