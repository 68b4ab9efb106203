# The machine as a whole: any number of cores, cores on demand, input from a pipe, the end.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

import pexpect
import pytest

from conftest import ROOT


def halt(machine):
    machine.type("halt")
    machine.tty.expect(pexpect.EOF, timeout=60)
    machine.tty.close()
    assert machine.tty.exitstatus == 0


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_T1_T2_S1_boots_on_any_number_of_cores(boot, cores):
    m = boot(cores)
    assert len(re.findall(r": running", m.run("cores"))) == cores
    for core in range(cores):
        assert m.run(f"run -c {core} hello") == f"hello from core {core}"
    assert "10 round trips" in m.run("ping echo")  # echo is on core 2, or on the last one
    assert m.tid("echo").startswith(f"{min(2, cores - 1)}.")
    halt(m)


def test_T2_M6_cores_start_on_demand(boot):
    m = boot(4, "ondemand")
    assert len(re.findall(r": running", m.run("cores"))) == 1
    assert m.run("run -c 2 hello") == "hello: core is not running"
    assert m.run("core start 2") == "core 2 runs"
    assert m.run("run -c 2 hello") == "hello from core 2"
    assert m.run("core start 2") == "core 2 runs already"
    assert m.run("core start 3") == "core 3 runs"
    assert m.run("run -c 3 spawner 2 hello").splitlines()[0] == "hello from core 2"
    assert m.run("run -c 1 hello") == "hello: core is not running"
    halt(m)


def test_input_may_be_a_pipe(built):
    lines = "run hello\nrun -c 3 primes 1000\nps\nhalt\n"
    done = subprocess.run([os.path.join(ROOT, "skerry"), "run"], cwd=ROOT, input=lines.encode(),
                          capture_output=True, timeout=120)
    out = done.stdout.decode(errors="replace")
    assert done.returncode == 0
    assert "hello from core 0" in out and "primes below 1000: 168" in out


def test_the_end_of_input_does_not_end_the_system(four):
    four.tty.send("\x04")  # Ctrl-D on an empty line
    four.until("skerry> ")
    assert four.run("run hello") == "hello from core 0"
