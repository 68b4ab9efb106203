# The loss of core 0 of a machine that has its services elsewhere (systems/virt-arm64/elsewhere.toml):
# what DESIGN.md says is left. A debugger does to core 0 what nobody can type.
# SPDX-License-Identifier: BSD-2-Clause
import os
import re
import sys
import time

import pexpect
import pytest

from conftest import build

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../port"))
from debugged import ROOT, Arm64  # noqa: E402

pytestmark = pytest.mark.board("virt-arm64")
CORES = 4
TRIES = 60


class Elsewhere(Arm64):
    IMAGE = KERNEL = os.path.join(ROOT, "build/virt-arm64/elsewhere/skerry.elf")
    OPTIONS = ["-M", "virt,gic-version=3", "-cpu", "cortex-a53", "-smp", str(CORES), "-m", "512"]

    def attach(self):
        return [f"target remote {self.socket}", "thread 1"]


AT_A_TIMER = ["hbreak kern_timer thread 1", "continue", "delete", "thread 1"]
# What is done to core 0, what is printed then, and what the others see in the end: nobody has started
# it, so nobody orders it off.
ENDS = {"panics": (["set $pc = 0x90000000"], "kernel panic", "fenced"),
        "hangs": (Arm64.LOOP, None, "suspect")}


@pytest.fixture(scope="module")
def elsewhere():
    build("--system", "elsewhere")


@pytest.mark.parametrize("how", ENDS)
def test_what_is_left_without_core_0(elsewhere, tmp_path, how):
    commands, says, state = ENDS[how]
    m = Elsewhere(tmp_path)
    assert "hello from core 0" in m.run("run -c 0 hello")
    callers = []
    for core in range(1, CORES):
        callers += re.findall(r"^(\d+\.\d+\.\d+)$", m.run(f"spawn -c {core} callbench echo 100000000"),
                              re.M)
    assert len(callers) == CORES - 1
    m.debug(AT_A_TIMER + commands)
    if says:
        m.tty.expect_exact(says)
    for _ in range(TRIES):
        said = m.run("cores")
        if f"core 0: {state}, epoch 1" in said:
            break
        time.sleep(0.5)  # eight periods of the machine's time, which is not ours
    assert f"core 0: {state}, epoch 1" in said
    assert re.findall(r"core (\d): running, epoch 1", said) == ["1", "2", "3"]
    assert "hello: core is not running" in m.run("run -c 0 hello")
    assert "hello from core 2" in m.run("run -c 3 spawner 2 hello")
    assert "5 round trips" in m.run("ping echo 5")
    assert "echo " in m.run("names echo")
    for tid in callers:  # none was told of a death
        m.run(f"kill {tid}")
        assert "killed" in m.run(f"wait {tid}")
    assert "0 deaths" in m.run("run -c 1 callbench echo 50")
    assert "runs again" not in m.run("core restart 3")  # nobody starts a core any more
    m.tty.send("halt\r")
    m.tty.expect(pexpect.EOF)
