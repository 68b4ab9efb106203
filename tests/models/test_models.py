# SPIN's models of protocols, each searched as a whole: nothing wrong with them, and something wrong with
# each that has one of the mistakes that its head names. Prints states and depth.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess
import time

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
MISTAKE = re.compile(r"^ \*   ([A-Z_]+)  +\S", re.M)
STATES = re.compile(r"^ *([\d.e+]+) states, stored", re.M)
DEPTH = re.compile(r"depth reached (\d+), errors: (\d+)")
MAX_DEPTH, MAX_MIB = 100000, 1500

# What is searched: sizes, and whether for runs without an end too (a run then takes twice as long).
SIZES = {
    "wake": [("-DSLOTS=1", "-DCOUNT=2"), ("-DSLOTS=2", "-DCOUNT=3")],
    "handover": [()],
    "restart": [()],
}


def run(argv, folder, seconds=120):
    return subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=seconds)


def source(model):
    with open(os.path.join(HERE, f"{model}.pml"), encoding="utf-8") as f:
        return f.read()


def mistakes():
    found = [(model, name) for model in SIZES for name in MISTAKE.findall(source(model))]
    assert {model for model, _ in found} == set(SIZES)
    return found


def search(folder, model, flags, level=1):
    """(number of errors, output), the search being complete if there are none."""
    endless = "endless" in flags
    made = run(["spin", "-a", *(f for f in flags if f != "endless"), f"{HERE}/{model}.pml"], folder)
    assert made.returncode == 0 and "Error" not in made.stdout, made.stdout
    built = run(["gcc", "-O1" if level else "-O0", "-w", f"-DMEMLIM={MAX_MIB}", "-DNP" if endless else "-DSAFETY",
                 "-o", "pan", "pan.c"], folder)
    assert built.returncode == 0, built.stdout
    start = time.monotonic()
    done = run(["./pan", "-E", f"-m{MAX_DEPTH}", *(["-l"] if endless else [])], folder)
    depth, errors = DEPTH.search(done.stdout).groups()
    print(f"{model} {' '.join(flags)}: {STATES.search(done.stdout)[1]} states, depth {depth}, "
          f"{time.monotonic() - start:.1f} s")
    for word in ("out of memory", "max search depth too small", "not completed"):
        assert int(errors) or word not in done.stdout.lower(), done.stdout
    return int(errors), done.stdout


@pytest.mark.parametrize("model, flags", [(m, f) for m in SIZES for f in SIZES[m]],
                         ids=lambda v: v if isinstance(v, str) else "".join(v) or "whole")
def test_every_run(tmp_path, model, flags, capsys):
    with capsys.disabled():
        print()
        errors, output = search(tmp_path, model, flags)
    assert errors == 0, output + trail(tmp_path, model, flags)


def trail(folder, model, flags):
    return run(["spin", "-t", "-p", "-g", "-k", f"{model}.pml.trail",
                *(f for f in flags if f != "endless"), f"{HERE}/{model}.pml"], folder).stdout[-8000:]


@pytest.mark.parametrize("model, mistake", mistakes())
def test_mistake(tmp_path, model, mistake):
    assert re.search(rf"^#.*\b{mistake}\b", source(model), re.M), "nothing asks for it"
    flags = tuple(f for f in SIZES[model][0] if f != "endless")
    errors, output = search(tmp_path, model, (*flags, f"-D{mistake}"), 0)
    assert errors == 1
    why = re.search(r"^pan:1: (.*) \(at depth (\d+)\)$", output, re.M)
    print(f"{mistake}: {why[1]}, after {why[2]} steps")
