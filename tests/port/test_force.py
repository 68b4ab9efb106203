# mps2-an521: core 1 is made to begin again whatever it does. A debugger puts its kernel into a state
# that nothing else leads to: a handler is stopped at its first instruction and sent elsewhere.
# SPDX-License-Identifier: BSD-2-Clause
import pytest

from debugged import Armv8m

pytestmark = pytest.mark.board("mps2-an521")

PANIC = "panic: "
CLOCK = Armv8m.STOP
FAULT = ["hbreak trap_fault", "continue", "delete"]
LOOP = Armv8m.LOOP
ASLEEP = ["set $pc = (unsigned)&idle_loop + 8"]
NOWHERE = ["set $pc = 0x90000000"]
NO_KERN = ["set port_cpu.k = 0x90000000"]
# What is done to core 1, and what is printed then.
STATES = {
    "panicked": (CLOCK + ["set $r0 = port_cpu.k", "set $r1 = (unsigned)&system_table + 92",
                          "set $pc = (unsigned)&kern_panic"], PANIC),
    "bad address in a handler": (CLOCK + NOWHERE, PANIC),
    "bad stack in a handler": (CLOCK + ["set $sp = 0x20"], PANIC),
    "stack used up": (CLOCK + ["set $sp = (unsigned)&kernel_stack + 4"], PANIC),
    "asleep in a handler": (CLOCK + ASLEEP, None),
    "asleep in a fault's handler": (FAULT + ASLEEP, None),
    "loops in a handler": (CLOCK + LOOP, None),
    "loops in a fault's handler": (FAULT + LOOP, None),
    "loops, wild stack pointer": (CLOCK + LOOP + ["set $sp = 0x20"], None),
    "loops, its struct kern is gone": (CLOCK + LOOP + NO_KERN, None),
    "broken, its struct kern is gone": (CLOCK + NO_KERN + NOWHERE, None),
    "asleep": (None, None),
}


@pytest.fixture
def machine(kept, tmp_path):
    return kept.get(lambda: Armv8m(tmp_path))


@pytest.mark.parametrize("state", STATES)
def test_a_core_in_any_state_begins_again(machine, state):
    commands, says = STATES[state]
    assert f"core 1: running, epoch {machine.epoch}" in machine.run("cores")
    if commands is not None:
        machine.debug(commands, "spawn -c 1 mpufault illegal" if commands[0] == FAULT[0] else None)
    if says:
        machine.tty.expect_exact(says)
        machine.tty.expect_exact("\n")
    machine.restart()
    assert "0 failed" in machine.run("run -c 1 fpcheck")
