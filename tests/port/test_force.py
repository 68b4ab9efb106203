# mps2-an521: core 1 is made to begin again whatever it does. A debugger puts its kernel into a state
# that nothing else leads to: a handler is stopped at its first instruction and sent elsewhere.
# SPDX-License-Identifier: BSD-2-Clause
import os
import subprocess
import time

import pexpect
import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FOLDER = os.path.join(ROOT, "build/mps2-an521/port")
KERNEL = os.path.join(FOLDER, "kernel.1.elf")
SECONDS = 60
PROMPT = "\nskerry> "
pytestmark = pytest.mark.board("mps2-an521")

PANIC = "panic: "
# A return instruction that returns to itself: a loop that touches nothing.
LOOP = ["find /h &fp_forget, +0x20, 0x4770", "$pc = (unsigned)$_", "$lr = (unsigned)$_ | 1"]
# Where core 1 stops, and what it is made to do there.
STATES = {
    "panicked": ("clock_fired", ["$r0 = port_cpu.k", "$r1 = (unsigned)&system_table + 92",
                                 "$pc = (unsigned)&kern_panic"], PANIC),
    "bad address in a handler": ("clock_fired", ["$pc = 0x90000000"], PANIC),
    "bad stack in a handler": ("clock_fired", ["$sp = 0x20"], PANIC),
    "stack used up": ("clock_fired", ["$sp = (unsigned)&kernel_stack + 4"], PANIC),
    "asleep in a handler": ("clock_fired", ["$pc = (unsigned)&idle_loop + 8"], None),
    "asleep in a fault's handler": ("trap_fault", ["$pc = (unsigned)&idle_loop + 8"], None),
    "loops in a handler": ("clock_fired", LOOP, None),
    "loops in a fault's handler": ("trap_fault", LOOP, None),
    "loops, wild stack pointer": ("clock_fired", LOOP + ["$sp = 0x20"], None),
    "loops, its struct kern is gone": ("clock_fired", LOOP + ["port_cpu.k = 0x90000000"], None),
    "broken, its struct kern is gone":
        ("clock_fired", ["port_cpu.k = 0x90000000", "$pc = 0x90000000"], None),
    "asleep": (None, [], None),
}


class Machine:
    def __init__(self, tmp_path):
        self.socket = str(tmp_path / "gdb")
        self.epoch = 1
        self.tty = pexpect.spawn(
            "qemu-system-arm", ["-M", "mps2-an521", "-nic", "none", "-nographic", "-semihosting",
                                "-kernel", os.path.join(FOLDER, "skerry.elf"),
                                "-gdb", f"unix:{self.socket},server=on,wait=off"],
            timeout=SECONDS, encoding="utf-8", codec_errors="replace", echo=False)
        self.tty.expect_exact(PROMPT)

    def run(self, line):
        self.tty.send(line + "\r")
        self.tty.expect_exact(PROMPT)
        return self.tty.before

    def send_elsewhere(self, where, settings):
        """Core 1 is the emulator's second group of processors, a process of its own to gdb."""
        commands = [f"target extended-remote {self.socket}", "add-inferior", "inferior 2",
                    f"file {KERNEL}", "attach 2", "set schedule-multiple on", f"hbreak {where}",
                    "continue", "delete", *[s if s.startswith("find") else f"set {s}" for s in settings],
                    "detach inferiors 1 2"]
        args = [x for c in commands for x in ("-ex", c)]
        gdb = subprocess.Popen(["gdb-multiarch", "-nx", "-batch", "-ex", f"file {KERNEL}", *args],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        if where == "trap_fault":
            time.sleep(2)  # it is armed
            self.tty.send("spawn -c 1 mpufault illegal\r")
        said, _ = gdb.communicate(timeout=SECONDS)
        assert "hit Breakpoint" in said and "[Inferior 2 (process 2) detached]" in said, said


@pytest.fixture
def machine(kept, tmp_path):
    return kept.get(lambda: Machine(tmp_path))


@pytest.mark.parametrize("state", STATES)
def test_a_core_in_any_state_begins_again(machine, state):
    where, settings, says = STATES[state]
    assert f"core 1: running, epoch {machine.epoch}" in machine.run("cores")
    if where:
        machine.send_elsewhere(where, settings)
    if says:
        machine.tty.expect_exact(says)
        machine.tty.expect_exact("\n")
    machine.tty.send("core restart 1\r")
    machine.tty.expect_exact("core 1 runs again")
    machine.tty.expect_exact(PROMPT)
    machine.epoch += 1
    assert f"core 1: running, epoch {machine.epoch}" in machine.run("cores")
    assert "0 failed" in machine.run("run -c 1 fpcheck")
