# virt-arm64: core 1 is ordered off and begins again whatever it does. A debugger puts its kernel into
# states that nothing else leads to: it is stopped somewhere, and its registers are changed.
# SPDX-License-Identifier: BSD-2-Clause
import re
import subprocess
import time

import pytest

from debugged import SECONDS, Arm64

PANIC = "panic: "
STOP, LOOP = Arm64.STOP, Arm64.LOOP


def stop_at(where):
    return [f"hbreak {where} thread 2", "continue", "delete", "thread 2"]


def active_interrupt():
    """Between an interrupt's acknowledgement and its end."""
    text = subprocess.run(["aarch64-linux-gnu-objdump", "-d", Arm64.KERNEL], capture_output=True,
                          text=True, check=True).stdout
    found = re.search(r"^\s*([0-9a-f]+):.*\bmsr\s+icc_eoir1_el1", text, re.M | re.I)
    assert found, "no end of an interrupt in the kernel"
    return stop_at("*0x" + found.group(1))


# What is done to core 1, and what is printed then.
STATES = {
    "asleep": (None, None),
    "in a task": ([], None),
    "loops in the kernel": (STOP + LOOP, None),
    "loops, an interrupt is active": (lambda: active_interrupt() + LOOP, None),
    "loops, wild stack pointer": (STOP + LOOP + ["set $sp = 0x20"], None),
    "loops, its struct kern is gone": (STOP + LOOP + [f"set *(long *){Arm64.CPU} = 0x1234"], None),
    "loops, no task register": (STOP + LOOP + ["set $TPIDR_EL1 = 0x7777000"], None),
    "loops at the entry of an interrupt":
        (stop_at("*((char *)&vectors + 0x484)") + LOOP, None),
    "loops in a panic":
        (STOP + ["set $pc = 0x10"] + stop_at("board_console_put") + LOOP, None),
    "loops on the emergency stack":
        (STOP + ["set $sp = 0xffffffe000004010"] + stop_at("board_console_put") + LOOP, None),
    "jumps to nowhere": (STOP + ["set $pc = 0x90000000"], PANIC),
    "writes to nowhere": (STOP + ["set $sp = 0x24"], PANIC),
    "stack used up": (STOP + ["set $sp = 0xffffffe000004010"], PANIC),
    "writes to its text": (STOP + ["set $sp = (long)&fp_save"], PANIC),
}


@pytest.fixture
def machine(kept, tmp_path):
    return kept.get(lambda: Arm64(tmp_path))


@pytest.mark.parametrize("state", STATES)
def test_a_core_in_any_state_goes_off_and_begins_again(machine, state):
    commands, says = STATES[state]
    assert f"core 1: running, epoch {machine.epoch}" in machine.run("cores")
    if commands is not None:
        machine.make_busy()
        machine.debug(commands() if callable(commands) else commands)
    if says:
        machine.tty.expect_exact(says)
        machine.tty.expect_exact("\n")
    machine.restart()
    assert "0 failed" in machine.run("run -c 1 portcheck")


def test_a_core_that_masks_the_order_is_quarantined_until_it_obeys(machine):
    """No kernel of ours masks FIQ: the debugger does, which no order comes through."""
    machine.make_busy()
    machine.debug(STOP + LOOP + ["set $cpsr = $cpsr | 0x40"])
    assert "core 1 cannot be forced" in machine.run("core restart 1")
    assert f"core 1: quarantined, epoch {machine.epoch}" in machine.run("cores")
    assert "cannot be started" in machine.run("core start 1")
    machine.debug(["set $cpsr = $cpsr & ~0x40"])
    end = time.monotonic() + SECONDS
    while f"core 1: fenced, epoch {machine.epoch}" not in machine.run("cores"):
        assert time.monotonic() < end, machine.run("log 0")
    machine.restart()
    assert "0 failed" in machine.run("run -c 1 portcheck")
