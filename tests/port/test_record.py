# The crash record of a core tells what its kernel had in the processor: after a fault of the kernel,
# and after another core's order that met a loop with all masked.
# SPDX-License-Identifier: BSD-2-Clause
import re

import pytest

from debugged import Arm64, Armv8m

NOWHERE = 0x90000000
PANIC, FORCED = 1, 4  # include/skerry/crash.h
BOTH = [Arm64, pytest.param(Armv8m, marks=pytest.mark.board("mps2-an521"))]
# Registers that nothing else changes between the debugger and the end, and what it puts there.
MARKED = {Arm64: {f"x{i}": 0x5ca1ab1e00000000 + i * 0x1010101 for i in range(30)},
          Armv8m: {f"r{i}": 0x5ca1ab00 + i * 0x11 for i in range(13)}}
LINK = {Arm64: "x30", Armv8m: "lr"}


@pytest.fixture(params=BOTH, scope="module")
def port(request):
    return request.param


@pytest.fixture
def machine(port, kept, tmp_path):
    return kept.get(lambda: port(tmp_path))


def end(machine, commands):
    """Core 1 stops in its kernel, gets its marks, and goes on with that. Its pc and sp there."""
    machine.make_busy()
    marks = [f"set ${name} = {value}" for name, value in MARKED[type(machine)].items()]
    said = machine.debug([*machine.STOP, *marks, *commands,
                          'printf "pc 0x%lx, sp 0x%lx, so far", $pc, $sp'])
    pc, sp = re.search(r"pc (0x[0-9a-f]+), sp (0x[0-9a-f]+), so far", said).groups()
    return {"pc": int(pc, 16), "sp": int(sp, 16)}


def check(machine, record, cause, registers):
    assert (record["epoch"], record["cause"]) == (machine.epoch, cause), record
    assert record["check"] == ~machine.epoch & 0xffffffff, record
    expected = {**MARKED[type(machine)], **registers}
    assert {name: record["reg"][name] for name in expected} == expected, record
    assert record["reason"] in record["log"].splitlines()[-1], record


def test_a_fault_of_the_kernel_is_a_panic_with_its_registers(machine):
    there = end(machine, [f"set $pc = {NOWHERE}", f"set ${LINK[type(machine)]} = 0x12345678"])
    machine.tty.expect_exact("kernel panic")
    machine.tty.expect_exact("panic: fault of the kernel itself")
    record = machine.record()
    assert record["reason"] == "fault of the kernel itself"
    assert there["pc"] == NOWHERE
    check(machine, record, PANIC, {**there, LINK[type(machine)]: 0x12345678})
    if isinstance(machine, Arm64):
        assert record["reg"]["esr"] >> 26 == 0x21, record  # an instruction of this level
        assert record["reg"]["far"] == NOWHERE, record
    else:
        assert record["reg"]["cfsr"] & 0x101, record  # an instruction: refused, or not answered
    machine.restart()


def test_an_order_off_records_where_the_core_was(machine):
    there = end(machine, machine.LOOP)
    link = there["pc"] | (1 if isinstance(machine, Armv8m) else 0)  # what it loops through
    machine.restart()
    machine.epoch -= 1  # whose record it is
    record = machine.record()
    check(machine, record, FORCED, {**there, LINK[type(machine)]: link})
    machine.epoch += 1
