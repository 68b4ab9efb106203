# The port conformance programs, on every port: in the machine that `./skerry run` boots, and in
# the simulation with both ways of moving messages.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import subprocess

import pexpect
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SECONDS = 120
RESULT = r"(\d+) checks passed, (\d+) failed"


def judge(text):
    found = re.search(RESULT, text)
    assert found, text
    assert int(found.group(2)) == 0 and int(found.group(1)) > 0, text


def boot(board, cores):
    tty = pexpect.spawn(os.path.join(ROOT, "skerry"),
                        ["run", "--board", board, "--cores", str(cores), "--system", "port"],
                        cwd=ROOT, timeout=SECONDS, encoding="utf-8", codec_errors="replace",
                        echo=False)
    tty.expect_exact("skerry> ")
    return tty


def run(machine, program):
    machine.send(f"run {program}\r")
    machine.expect(RESULT)
    judge(machine.before + machine.after)
    machine.expect_exact("skerry> ")


@pytest.fixture(scope="module", params=[1, 2])
def arm64(request):
    tty = boot("virt-arm64", request.param)
    yield tty
    tty.close(force=True)


@pytest.fixture(scope="module")
def armv8m():
    tty = boot("mps2-an521", 2)
    yield tty
    tty.close(force=True)


@pytest.mark.parametrize("program", ["portcheck", "portmachine", "portorder"])
def test_arm64(arm64, program):
    run(arm64, program)


@pytest.mark.board("mps2-an521")
@pytest.mark.parametrize("program", ["portcheck", "mpucheck", "-c 1 portcheck", "-c 1 mpucheck",
                                     "-c 1 fpcheck"])
def test_armv8m(armv8m, program):
    run(armv8m, program)


@pytest.mark.board("mps2-an521")
def test_armv8m_one_core():
    tty = boot("mps2-an521", 1)
    run(tty, "portcheck")
    tty.close(force=True)


@pytest.mark.parametrize("mode", ["shared", "copy"])
def test_host(mode):
    sim = os.path.join(ROOT, f"build/host-{mode}/sim")
    done = subprocess.run([sim, "--system", os.path.join(ROOT, "build/host/virt-arm64/port.system.bin"),
                           "--cores", "2", "--input", "-"], cwd=ROOT, timeout=SECONDS,
                          input="run portcheck\nhalt\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    judge(done.stdout)
